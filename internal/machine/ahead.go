package machine

import (
	"context"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// Ahead is a login at an agent that is made while the configuration is read,
// in the hope that it is the one wanted.
type Ahead struct {
	project, machine string
	remote           agent.Remote
	client           chan *link.Client // gets one, or is closed
}

// DialAhead begins to log in at the agent of a machine, where it has ever had
// one. What Close does not find taken is hung up.
func (m Machine) DialAhead(ctx context.Context) *Ahead {
	remote, err := m.Remote()
	if err != nil || remote.HostKey == nil {
		return nil
	}
	a := &Ahead{project: m.Project.Folder(), machine: m.Plan.Name, remote: remote, client: make(chan *link.Client, 1)}
	go func() {
		defer close(a.client)
		if c, err := a.remote.Dial(ctx, agent.UserFreeBSD, agentTimeout); err == nil {
			a.client <- c
		}
	}()
	return a
}

// OnlyAgent is the machine whose agent's socket is the only one of a project.
func OnlyAgent(d state.Dir) string {
	entries, err := privatefile.ReadDir(d.Path())
	if err != nil {
		return ""
	}
	only := ""
	for _, e := range entries {
		if !e.IsDir() || !host.Exists(d.Machine(e.Name()).Agent().HostKey()) {
			continue
		}
		if only != "" {
			return ""
		}
		only = e.Name()
	}
	return only
}

// take is the login when it is that of a machine's agent, else nil.
func (a *Ahead) take(ctx context.Context, project, machine string) *link.Client {
	if a == nil || a.machine != machine || a.project != project {
		return nil
	}
	select {
	case c := <-a.client:
		return c
	case <-ctx.Done():
		return nil
	}
}

// Close hangs up what nobody has taken.
func (a *Ahead) Close() {
	if a == nil {
		return
	}
	select {
	case c := <-a.client:
		if c != nil {
			_ = c.Close()
		}
	default: // it ends with its context
	}
}
