package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/provision"
	"github.com/fbdock/fbdock/vagrantfiles"
)

// Unreachable is the state of a computer of the user's own that does not
// answer: whether its engine runs is not known.
const Unreachable vagrant.State = "unreachable"

// ownComputer is a FreeBSD computer of the user's own: reached by SSH, or
// the one that fbdock runs on. fbdock starts and stops the engine there and
// nothing else, and changes nothing before the user has said yes.
type ownComputer struct {
	p     *Project
	m     plan.Machine
	files state.Machine

	stopped bool // stopEngine was called, and ended with stopErr
	stopErr error
}

// hostRecord is what is known of the computer between two runs.
type hostRecord struct {
	// Host is what the configuration called it: another one is another
	// computer, with nothing of fbdock on it.
	Host string `json:"host"`
	// Root is what runs a program as root; none where the login is root's.
	Root []string `json:"root,omitempty"`
	// Agreed is the digest of the settings that the user has said yes to, and
	// Settings are their own digests by name. Surveyed is the digest of the
	// survey that was run then: a newer fbdock may change something else.
	Agreed   string            `json:"agreed,omitempty"`
	Settings map[string]string `json:"settings,omitempty"`
	Surveyed string            `json:"surveyed,omitempty"`
	// KnownHosts are the user's own files of host keys, and Lookup the names
	// that they may have of the computer.
	KnownHosts []string `json:"known_hosts,omitempty"`
	Lookup     string   `json:"lookup,omitempty"`
}

// record is what is known, the zero value where there is none.
func (p *Project) record(m plan.Machine) (hostRecord, error) {
	var r hostRecord
	data, err := privatefile.Read(p.State.Machine(m.Name).Host())
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read what is known of %s: %w", m.Name, err)
	}
	return r, nil
}

func (o *ownComputer) write(r hostRecord) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write what is known of %s: %w", o.m.Name, err)
	}
	if err := o.files.Make(); err != nil {
		return err
	}
	return o.p.State.Write(o.files.Host(), append(data, '\n'))
}

// where is the computer in words.
func where(m plan.Machine) string {
	if m.Provider == plan.ProviderNative {
		return "this computer"
	}
	return strings.TrimPrefix(m.Host, "ssh://")
}

// identity tells one computer from another.
func identity(m plan.Machine) string {
	if m.Provider == plan.ProviderNative {
		return plan.ProviderNative
	}
	return m.Host
}

// notOwn refuses to make a VM while a computer of the user's own holds what
// fbdock made for this machine: nobody would know of it any more.
func (p *Project) notOwn(m plan.Machine) error {
	r, err := p.record(m)
	if err != nil || r.Agreed == "" {
		return err
	}
	return &failure.Error{
		Err:  fmt.Errorf("machine %s is on %s, and %s now wants a VM", m.Name, strings.TrimPrefix(r.Host, "ssh://"), ConfigName),
		Next: fmt.Sprintf("put host = %q back and run `fbdock destroy %s` first, or give the VM another name", r.Host, m.Name), Code: failure.ExitUsage,
	}
}

func (o *ownComputer) preflight(context.Context) error {
	if o.m.Provider == plan.ProviderNative && o.p.os() != "freebsd" {
		return &failure.Error{
			Err:  fmt.Errorf("machine %s: provider native wants fbdock to run on FreeBSD, and this is %s", o.m.Name, o.p.os()),
			Next: `leave the provider to fbdock, or name a FreeBSD computer of yours: host = "ssh://me@freebsd.example"`, Code: failure.ExitImpossible,
		}
	}
	if made := madeWith(o.p.State, o.m.Name); made != "" {
		return &failure.Error{
			Err:  fmt.Errorf("machine %s is a VM of %s, and %s now wants it on %s", o.m.Name, made, ConfigName, where(o.m)),
			Next: "run `fbdock destroy` with the configuration as it was, or give this machine another name", Code: failure.ExitUsage,
		}
	}
	_, err := o.agreed()
	return err
}

// agreed tells whether the computer holds something of fbdock's. Where it is
// another computer that does, that is an error: it would be forgotten.
func (o *ownComputer) agreed() (bool, error) {
	r, err := o.p.record(o.m)
	if err == nil && r.Agreed != "" && r.Host != identity(o.m) {
		err = &failure.Error{
			Err:  fmt.Errorf("machine %s is on %s, and %s now names %s", o.m.Name, r.Host, ConfigName, identity(o.m)),
			Next: fmt.Sprintf("put %s back and run `fbdock destroy %s` first, or give the machine another name", r.Host, o.m.Name), Code: failure.ExitUsage,
		}
	}
	return r.Agreed != "", err
}

func (o *ownComputer) check(context.Context, phases) error { return nil }

// up does nothing: the computer is the user's to start, and the login that
// follows says when it does not answer.
func (o *ownComputer) up(context.Context, phases) error { return nil }

func (o *ownComputer) restart(context.Context, phases) error {
	return &failure.Error{
		Err:  fmt.Errorf("%s has to be restarted for the engine to run, and fbdock does not restart a computer of yours", where(o.m)),
		Next: "restart it when it suits you, then run `fbdock up` again",
	}
}

func (o *ownComputer) stopEngine(ctx context.Context) { o.stopped, o.stopErr = true, o.stop(ctx) }

// halt stops the engine, and nothing else of a host that is the user's.
func (o *ownComputer) halt(ctx context.Context, _ bool) error {
	if o.stopped {
		return o.stopErr
	}
	return o.stop(ctx)
}

func (o *ownComputer) stop(ctx context.Context) error {
	if agreed, err := o.agreed(); err != nil || !agreed {
		return err // nothing was ever started there
	}
	return o.p.step("stop the engine of "+o.m.Name, func() error {
		g, err := o.p.direct(ctx, o.m)
		if err != nil {
			return err
		}
		defer g.Close() // only told
		_, err = g.sudo(ctx, "[ ! -e /usr/local/etc/rc.d/fbdock ] || service fbdock onestop >/dev/null")
		return err
	})
}

func (o *ownComputer) destroy(ctx context.Context) error {
	agreed, err := o.agreed()
	if err != nil {
		return err
	}
	if !agreed {
		o.p.Progress.Say(fmt.Sprintf("nothing of fbdock was ever put on %s", where(o.m)))
		return nil
	}
	g, err := o.p.direct(ctx, o.m)
	if err != nil {
		return &failure.Error{
			Err:  err,
			Next: fmt.Sprintf("%s must be reached to take away what fbdock made there; if it is gone for good, remove %s", where(o.m), o.files.Path()),
		}
	}
	defer g.Close() // its work is done
	return o.uninstall(ctx, g)
}

func (o *ownComputer) uninstall(ctx context.Context, g *guest) error {
	script, err := provision.UninstallCommand(o.m.Instance)
	if err != nil {
		return err
	}
	lines := &stepLines{progress: o.p.Progress}
	var left []string
	status, err := g.Run(ctx, link.Command{
		Args: g.asRoot("sh", "-c", script), Stdout: splitLeft(lines, &left), Stderr: lines,
	})
	if err != nil {
		return err
	}
	if status != 0 {
		return lines.failure(status)
	}
	for _, line := range left {
		o.p.Progress.Say("left on " + where(o.m) + ": " + line)
	}
	return nil
}

func (o *ownComputer) state(ctx context.Context, g *guest) (vagrant.State, error) {
	if g == nil {
		if !exists(o.files.SSHConfig()) {
			return vagrant.NotCreated, nil
		}
		return Unreachable, nil
	}
	word, err := g.sudo(ctx, "[ -e /usr/local/etc/rc.d/fbdock ] || { echo none; exit 0; }\nif service fbdock onestatus >/dev/null 2>&1; then echo up; else echo down; fi")
	if err != nil {
		return "", err
	}
	switch untrusted.FirstLine(word) {
	case "up":
		return vagrant.Running, nil
	case "down":
		return vagrant.Stopped, nil
	}
	return vagrant.NotCreated, nil
}

// NothingToRender tells that no machine is one that Vagrant makes.
func NothingToRender(err error) bool { return errors.Is(err, vagrantfiles.ErrNoVM) }
