package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/provision"
)

// Unreachable is the state of a computer of the user's own that does not
// answer: whether its engine runs is not known.
const Unreachable vagrant.State = "unreachable"

// Computer is a FreeBSD computer of the user's own: reached by SSH, or
// the one that fbdock runs on. fbdock starts and stops the engine there and
// nothing else, and changes nothing before the user has said yes.
type Computer struct {
	machine.Machine

	stopped bool // stopEngine was called, and ended with stopErr
	stopErr error
}

// Record is what is known of the computer between two runs.
type Record struct {
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

// ReadRecord is what is known, the zero value where there is none.
func ReadRecord(files state.Machine, machine string) (Record, error) {
	var r Record
	data, err := privatefile.Read(files.Host())
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("read what is known of %s: %w", machine, err)
	}
	return r, nil
}

// New is the external host of a machine.
func New(m machine.Machine) *Computer {
	o := &Computer{Machine: m}
	o.System = o
	return o
}

// Root is what the first login has found out.
func (o *Computer) Root(string) ([]string, error) {
	r, err := ReadRecord(o.Files, o.Plan.Name)
	return r.Root, err
}

func (o *Computer) write(r Record) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write what is known of %s: %w", o.Plan.Name, err)
	}
	if err := o.Files.Make(); err != nil {
		return err
	}
	return o.Project.Write(o.Files.Host(), append(data, '\n'))
}

// Where is the computer in words.
func Where(m plan.Machine) string {
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

// NotOwn refuses to make a VM while a computer of the user's own holds what
// fbdock made for this machine: nobody would know of it any more.
func NotOwn(m machine.Machine) error {
	r, err := ReadRecord(m.Files, m.Plan.Name)
	if err != nil || r.Agreed == "" {
		return err
	}
	return &failure.Error{
		Err:  fmt.Errorf("machine %s is on %s, and %s now wants a VM", m.Plan.Name, strings.TrimPrefix(r.Host, "ssh://"), hcl.FileName),
		Next: fmt.Sprintf("put host = %q back and run `fbdock destroy %s` first, or give the VM another name", r.Host, m.Plan.Name), Code: failure.ExitUsage,
	}
}

// Preflight refuses what is no external host for the machine, or another one
// than holds it.
func (o *Computer) Preflight(context.Context) error {
	if o.Plan.Provider == plan.ProviderNative && o.GOOS() != "freebsd" {
		return &failure.Error{
			Err:  fmt.Errorf("machine %s: provider native wants fbdock to run on FreeBSD, and this is %s", o.Plan.Name, o.GOOS()),
			Next: `leave the provider to fbdock, or name a FreeBSD computer of yours: host = "ssh://me@freebsd.example"`, Code: failure.ExitImpossible,
		}
	}
	if made := machine.MadeWith(o.Project, o.Plan.Name); made != "" {
		return &failure.Error{
			Err:  fmt.Errorf("machine %s is a VM of %s, and %s now wants it on %s", o.Plan.Name, made, hcl.FileName, Where(o.Plan)),
			Next: "run `fbdock destroy` with the configuration as it was, or give this machine another name", Code: failure.ExitUsage,
		}
	}
	_, err := o.agreed()
	return err
}

// agreed tells whether the computer holds something of fbdock's. Where it is
// another computer that does, that is an error: it would be forgotten.
func (o *Computer) agreed() (bool, error) {
	r, err := ReadRecord(o.Files, o.Plan.Name)
	if err == nil && r.Agreed != "" && r.Host != identity(o.Plan) {
		err = &failure.Error{
			Err:  fmt.Errorf("machine %s is on %s, and %s now names %s", o.Plan.Name, r.Host, hcl.FileName, identity(o.Plan)),
			Next: fmt.Sprintf("put %s back and run `fbdock destroy %s` first, or give the machine another name", r.Host, o.Plan.Name), Code: failure.ExitUsage,
		}
	}
	return r.Agreed != "", err
}

// Check has nothing to look for.
func (o *Computer) Check(context.Context, progress.Runner) error { return nil }

// Up does nothing: the computer is the user's to start, and the login that
// follows says when it does not answer.
func (o *Computer) Up(context.Context, progress.Runner) error { return nil }

// Restart refuses: an external host is not restarted.
func (o *Computer) Restart(context.Context, progress.Runner) error {
	return &failure.Error{
		Err:  fmt.Errorf("%s has to be restarted for the engine to run, and fbdock does not restart a computer of yours", Where(o.Plan)),
		Next: "restart it when it suits you, then run `fbdock up` again",
	}
}

// StopEngine stops the engine; Halt answers with how that has ended.
func (o *Computer) StopEngine(ctx context.Context) { o.stopped, o.stopErr = true, o.stop(ctx) }

// Halt stops the engine, and nothing else of a host that is the user's.
func (o *Computer) Halt(ctx context.Context, _ bool) error {
	if o.stopped {
		return o.stopErr
	}
	return o.stop(ctx)
}

func (o *Computer) stop(ctx context.Context) error {
	if agreed, err := o.agreed(); err != nil || !agreed {
		return err // nothing was ever started there
	}
	return progress.Step(o.Progress, "stop the engine of "+o.Plan.Name, func() error {
		g, err := o.Direct(ctx)
		if err != nil {
			return err
		}
		defer g.Close() // only told
		_, err = g.Sudo(ctx, "[ ! -e /usr/local/etc/rc.d/fbdock ] || service fbdock onestop >/dev/null")
		return err
	})
}

// Destroy takes away what fbdock has made there.
func (o *Computer) Destroy(ctx context.Context) error {
	agreed, err := o.agreed()
	if err != nil {
		return err
	}
	if !agreed {
		o.Progress.Say(fmt.Sprintf("nothing of fbdock was ever put on %s", Where(o.Plan)))
		return nil
	}
	g, err := o.Direct(ctx)
	if err != nil {
		return &failure.Error{
			Err:  err,
			Next: fmt.Sprintf("%s must be reached to take away what fbdock made there; if it is gone for good, remove %s", Where(o.Plan), o.Files.Path()),
		}
	}
	defer g.Close() // its work is done
	return o.uninstall(ctx, g)
}

func (o *Computer) uninstall(ctx context.Context, g *machine.Guest) error {
	script, err := provision.UninstallCommand(o.Plan.Instance)
	if err != nil {
		return err
	}
	lines := &progress.Steps{Progress: o.Progress}
	var left []string
	status, err := g.Run(ctx, link.Command{
		Args: g.AsRoot("sh", "-c", script), Stdout: progress.SplitLeft(lines, &left), Stderr: lines,
	})
	if err != nil {
		return err
	}
	if status != 0 {
		return lines.Failure(status)
	}
	for _, line := range left {
		o.Progress.Say("left on " + Where(o.Plan) + ": " + line)
	}
	return nil
}

// State is whether the engine runs there.
func (o *Computer) State(ctx context.Context, g *machine.Guest) (vagrant.State, error) {
	if g == nil {
		if !host.Exists(o.Files.SSHConfig()) {
			return vagrant.NotCreated, nil
		}
		return Unreachable, nil
	}
	word, err := g.Sudo(ctx, "[ -e /usr/local/etc/rc.d/fbdock ] || { echo none; exit 0; }\nif service fbdock onestatus >/dev/null 2>&1; then echo up; else echo down; fi")
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
