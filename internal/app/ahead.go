package app

import (
	"context"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// Ahead is a login at an agent that is made while the configuration is read,
// in the hope that it is the one wanted.
type Ahead struct {
	project, machine string
	remote           agent.Remote
	client           chan *link.Client // gets one, or is closed
}

// DialAhead begins to log in at the agent of the machine, or of the only one
// that the project has ever had. It gives nil when there is none to be seen.
// What Close does not find taken is hung up.
func (o Options) DialAhead(ctx context.Context, machine string) *Ahead {
	p := &Project{Options: o}
	if p.noAgent() {
		return nil
	}
	_, found, err := o.locate()
	if err != nil || !found.Exists() {
		return nil // the command itself says it
	}
	p.State, p.Dir = found.Dir, found.Folder()
	if machine == "" {
		machine = p.onlyAgent()
	}
	if machine == "" || machine != filepath.Base(machine) {
		return nil // the configuration will say what is wrong with it
	}
	remote, err := p.remoteOf(machine)
	if err != nil || remote.HostKey == nil {
		return nil
	}
	a := &Ahead{project: p.Dir, machine: machine, remote: remote, client: make(chan *link.Client, 1)}
	go func() {
		defer close(a.client)
		if c, err := a.remote.Dial(ctx, agent.UserFreeBSD, agentTimeout); err == nil {
			a.client <- c
		}
	}()
	return a
}

// onlyAgent is the machine whose agent's socket is the only one.
func (p *Project) onlyAgent() string {
	entries, err := privatefile.ReadDir(p.State.Path())
	if err != nil {
		return ""
	}
	only := ""
	for _, e := range entries {
		if !e.IsDir() || !exists(p.State.Machine(e.Name()).Agent().HostKey()) {
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
