package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/external"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/state"
)

// The places of a project's folder.
const (
	PlaceHere = "here" // where it was last seen
	PlaceGone = "gone" // deleted, moved to another file system, or replaced
)

// KeptProject is a project of this user, wherever its folder is.
type KeptProject struct {
	ID      string    `json:"id"`
	Folder  string    `json:"folder"`
	Place   string    `json:"place"`
	Created time.Time `json:"created"`
	Version string    `json:"fbdock"`
	// Directory is where fbdock keeps what is private.
	Directory string        `json:"directory"`
	Machines  []KeptMachine `json:"machines"`
}

// KeptMachine is a machine of which something is kept.
type KeptMachine struct {
	Name     string `json:"name"`
	Instance string `json:"instance"`
	Provider string `json:"provider,omitempty"`
	// VM tells that Vagrant has made one, Host that fbdock has made changes on
	// that computer.
	VM   bool   `json:"vm"`
	Host string `json:"host,omitempty"`
	// Agent is the process that serves it, 0 without one.
	Agent   int       `json:"agent,omitempty"`
	Applied time.Time `json:"applied,omitzero"`
}

// Projects are all projects of this user.
func Projects(ctx context.Context, o project.Options) ([]KeptProject, error) {
	dirs, err := kept(o)
	if err != nil {
		return nil, err
	}
	all := make([]KeptProject, 0, len(dirs))
	for _, d := range dirs {
		r := d.Record()
		one := KeptProject{ID: r.ID, Folder: r.Path, Place: PlaceGone, Created: r.Created, Version: r.Version, Directory: d.Path()}
		if r.At() {
			one.Place = PlaceHere
		}
		p := &project.Project{Options: o, State: d, Dir: r.Path}
		for _, name := range project.MachineNames(d) {
			one.Machines = append(one.Machines, keptMachine(ctx, p, name))
		}
		all = append(all, one)
	}
	return all, nil
}

func kept(o project.Options) ([]state.Dir, error) {
	store, err := o.Store()
	if err != nil {
		return nil, err
	}
	records, err := store.Records()
	if err != nil {
		return nil, err
	}
	var dirs []state.Dir
	for _, r := range records {
		d, err := store.OpenID(r.ID)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was removed just now
		}
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, d)
	}
	return dirs, nil
}

func keptMachine(ctx context.Context, p *project.Project, name string) KeptMachine {
	m := KeptMachine{Name: name, Instance: plan.Instance(name, p.State.Suffix()), Provider: machine.MadeWith(p.State, name)}
	m.VM = m.Provider != ""
	if r, err := external.ReadRecord(p.State.Machine(name), name); err == nil && r.Agreed != "" {
		m.Host = r.Host
	}
	if a, err := p.State.Machine(name).Applied(); err == nil {
		m.Applied = a.Time
	}
	if s, err := agentStatus(ctx, p, name); err == nil {
		m.Agent = s.PID
	}
	return m
}

// agentStatus asks the agent of a machine, which there may not be.
func agentStatus(ctx context.Context, p *project.Project, name string) (agent.Status, error) {
	remote, err := p.On(plan.Machine{Name: name}).Remote()
	if err != nil {
		return agent.Status{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, machine.QuickDial)
	defer cancel()
	return remote.Status(ctx)
}

// Kept is a project of which the folder may be gone: its machines are as the
// last `up` has made them, and no configuration is read.
func Kept(o project.Options, id string) (*project.Project, error) {
	store, err := o.Store()
	if err != nil {
		return nil, err
	}
	d, err := store.OpenID(id)
	if err != nil {
		return nil, &failure.Error{Err: fmt.Errorf("there is no project %q", id), Next: "`fbdock list --all` names them", Code: failure.ExitUsage}
	}
	p := &project.Project{Options: o, State: d, Dir: d.Folder(), Lock: &lockfile.File{}}
	for _, name := range project.MachineNames(d) {
		m, err := appliedPlan(p, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // nothing was made but keys
		}
		if err != nil {
			return nil, err
		}
		p.Plan.Machines = append(p.Plan.Machines, m)
	}
	return p, nil
}

// Gone tells that the project's folder is not where it was.
func Gone(p *project.Project) bool { return !p.State.Record().At() }

// appliedPlan is a machine as it was made; fs.ErrNotExist when nothing was made
// but keys.
func appliedPlan(p *project.Project, name string) (plan.Machine, error) {
	m, err := p.MadeAs(name)
	if _, unreadable := errors.AsType[*project.RecordError](err); !unreadable && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if machine.MadeWith(p.State, name) == "" && !agreedTo(p, name) {
		return m, fs.ErrNotExist
	}
	return m, &failure.Error{
		Err:  fmt.Errorf("it is not written down how machine %s was made", name),
		Next: fmt.Sprintf("put fbdock.hcl back into %s, or adopt the project for another folder that has it: fbdock adopt --project %s", p.Dir, p.State.Record().ID),
	}
}

func agreedTo(p *project.Project, name string) bool {
	r, err := external.ReadRecord(p.State.Machine(name), name)
	return err != nil || r.Agreed != ""
}
