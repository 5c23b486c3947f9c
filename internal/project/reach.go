package project

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/confine"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/reach"
	"github.com/fbdock/fbdock/internal/state"
)

// agreements are what the user has agreed to that a configuration reaches
// for: what is on record, and what was said to this command.
type agreements struct {
	project state.Dir
	given   []string
}

func (a *agreements) allow(r reach.Reach) (bool, error) {
	for _, key := range r.Keys() {
		if slices.Contains(a.given, key) {
			return true, nil
		}
		if ok, err := a.project.Consented(key); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (a *agreements) missing(all []reach.Reach) ([]reach.Reach, error) {
	var missing []reach.Reach
	for _, r := range all {
		ok, err := a.allow(r)
		if err != nil {
			return nil, err
		}
		if !ok {
			missing = append(missing, r)
		}
	}
	return missing, nil
}

func (a *agreements) give(all []reach.Reach) {
	for _, r := range all {
		a.given = append(a.given, r.Keys()[0])
	}
}

// reads notes what a configuration reads while it is loaded. A file outside
// of its folder is not even looked at before the user has agreed: on Windows
// to look at a path of another computer tells that one who the user is.
type reads struct {
	agreements *agreements
	dir        string // of the configuration, without links
	reach.Reads
	unread []reach.Reach
	err    error
}

// options are how the configuration is read.
func (r *reads) options(ctx context.Context, o Options) hcl.Options {
	return hcl.Options{
		Vars: o.Vars, VarFiles: o.VarFiles, Version: o.Version,
		Env: func(name string) (string, bool) {
			value, ok := o.Lookup(name)
			if ok && !slices.Contains(r.Variables, name) {
				r.Variables = append(r.Variables, name)
			}
			return value, ok
		},
		ReadFile: func(path string) ([]byte, error) {
			at, err := filepath.Abs(path)
			if err == nil {
				err = r.owned(o, at)
			}
			if err != nil {
				return nil, err
			}
			return hostfile.Read(ctx, path, hcl.MaxFileSize)
		},
		ReadNamed: func(_, path string) ([]byte, error) { return r.file(ctx, o, path) },
	}
}

// owned refuses a file of the configuration that somebody else could change.
func (r *reads) owned(o Options, path string) error {
	store, err := o.Store()
	if err != nil {
		return err
	}
	return store.CheckFile(r.dir, path)
}

func (r *reads) file(ctx context.Context, o Options, path string) ([]byte, error) {
	// Whose it is is asked afterwards: what lies outside is not to be looked at.
	data, err := hostfile.ReadWithin(ctx, r.dir, path, hcl.MaxFileSize)
	outside, ok := errors.AsType[*hostfile.OutsideError](err)
	if err == nil {
		err = r.owned(o, path)
	}
	if !ok {
		return data, err
	}
	if !slices.Contains(r.Files, outside.Real) {
		r.Files = append(r.Files, outside.Real)
	}
	want := reach.Reach{Kind: reach.File, What: outside.Real}
	allowed, err := r.agreements.allow(want)
	if err != nil {
		r.err = err
		return nil, err
	}
	if !allowed {
		r.unread = append(r.unread, want)
		return nil, fmt.Errorf("%s lies outside of the folder of the configuration, and you have not agreed to that; `fbdock up` asks", outside.Real)
	}
	return hostfile.Read(ctx, outside.Real, hcl.MaxFileSize)
}

// computer is what judging a reach wants to know of this host.
func (p *Project) computer() reach.Computer {
	home, _ := p.Home()
	if real, err := hostfile.Real(home); home != "" && err == nil {
		home = real
	}
	return reach.Computer{GOOS: runtime.GOOS, Home: home, Private: []string{p.State.Home()}, Real: hostfile.RealLocal}
}

// Reached is one thing that the configuration reaches for.
type Reached struct {
	reach.Reach
	Agreed bool `json:"agreed"`
}

// Reaches is all that the configuration reaches on this host beyond its own
// folder.
func (p *Project) Reaches() ([]Reached, error) {
	all := reach.Of(p.Plan, p.reads, p.computer())
	reached := make([]Reached, len(all))
	for i, r := range all {
		ok, err := p.agreements.allow(r)
		if err != nil {
			return nil, err
		}
		reached[i] = Reached{Reach: r, Agreed: ok}
	}
	return reached, nil
}

// AgreeToReach has the user's yes to all that the configuration reaches for.
// It is asked about once, and again when something is added.
func (p *Project) AgreeToReach() error {
	missing, err := p.agreements.missing(reach.Of(p.Plan, p.reads, p.computer()))
	if err != nil {
		return err
	}
	return p.askReach(p.agreements, missing)
}

// AgreeToMirrors has the user's yes to the mirrors that the configuration names,
// for a command that only fetches, and writes it down.
func AgreeToMirrors(ctx context.Context, p *Project) error {
	missing, err := p.agreements.missing(reach.OfMirrors(p.Plan))
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := p.askReach(p.agreements, missing); err != nil {
		return err
	}
	unlock, err := p.Acquire(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return p.RememberReach()
}

// RememberReach writes down what was agreed to.
func (p *Project) RememberReach() error {
	if len(p.agreements.given) == 0 {
		return nil
	}
	err := p.State.Consent(p.agreements.given...)
	if err == nil {
		p.agreements.given, p.agreements.project = nil, p.State
	}
	return err
}

// askReach shows what is reached for and has the user's yes, or an error.
func (o Options) askReach(a *agreements, missing []reach.Reach) error {
	if len(missing) == 0 {
		return nil
	}
	dir := a.project.Folder()
	o.Progress.Show(fmt.Sprintf("%s reaches beyond its folder, %s:", hcl.FileName, dir))
	for _, r := range missing {
		o.Progress.Show("  + " + r.String())
		if r.Warning != "" {
			o.Progress.Warn(fmt.Sprintf("%s: %s", r.What, r.Warning))
		}
	}
	if o.AllowReach {
		a.give(missing)
		return nil
	}
	refused := fmt.Errorf("nothing was started: %s reaches beyond its folder", hcl.FileName)
	if o.Confirm == nil {
		return &failure.Error{Err: fmt.Errorf("%w, and nobody can be asked", refused), Code: failure.ExitUsage}
	}
	ok, err := o.Confirm("Allow this? fbdock remembers it for this project; --allow-reach says yes to this alone.")
	switch {
	case err != nil:
		return &failure.Error{Err: fmt.Errorf("%w: %w", refused, err), Code: failure.ExitUsage}
	case !ok:
		return &failure.Error{Err: refused, Next: "take out of it what it does not need; `fbdock plan` lists what it reaches for, and `fbdock up` asks again"}
	}
	a.give(missing)
	return nil
}

// Allowed is m with what the user has agreed to. A mount that lies in the
// project's folder wants no agreement. Each leads where it led when it was
// agreed to.
func (p *Project) Allowed(m plan.Machine) (plan.Machine, error) {
	host := p.computer()
	var mounts []plan.Mount
	for _, mount := range m.Mounts {
		var err error
		if mount.Real, err = host.Real(mount.Source); err != nil {
			continue // it is told where it is served
		}
		ok := true
		if r, reaches := reach.OfMount(p.Dir, m, mount, host); reaches {
			if ok, err = p.agreements.allow(r); err != nil {
				return m, err
			}
		}
		if ok {
			mounts = append(mounts, mount)
		}
	}
	m.Mounts = mounts
	if r, reaches := reach.OfForward(m); reaches {
		if ok, err := p.agreements.allow(r); err != nil {
			return m, err
		} else if !ok {
			m.Forward = plan.Loopback()
		}
	}
	return m, nil
}

// holder is the private folder that a path lies in, "" for none. On Windows a
// path of another computer is left alone: to look at it tells that computer
// who the user is, and whoever serves the folder looks again.
func (o Options) holder(folder state.Dir, path string) string {
	if hostfile.Remote(path) {
		return ""
	}
	return confine.Private(path, o.Private(folder))
}
