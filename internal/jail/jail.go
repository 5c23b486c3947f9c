package jail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/provision/contract"
)

// Prefix begins the name of a jail where guests and layers are named.
const Prefix = "jail/"

// Named tells whether a jail may have the name.
func Named(name string) bool {
	return hcl.Jail{Name: name}.Check() == nil
}

// Is tells whether a guest's name is that of a jail, jail/NAME.
func Is(guest string) bool {
	name, ok := strings.CutPrefix(guest, Prefix)
	return ok && Named(name)
}

func checkName(name string) error {
	if Named(name) {
		return nil
	}
	return &failure.Error{
		Err: fmt.Errorf("%q is no name of a jail", name), Next: "use lower-case letters, digits and hyphens, at least one letter, 40 at most", Code: failure.ExitUsage,
	}
}

// List are the jails that fbdock has made in the guest of a machine.
func List(ctx context.Context, m machine.Machine) ([]contract.Jail, error) {
	g, err := m.Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer g.Close() // only asked
	return of(ctx, g)
}

func of(ctx context.Context, g *machine.Guest) ([]contract.Jail, error) {
	out, err := g.Output(ctx, link.Command{Args: command(g, "list")})
	if err != nil {
		return nil, err
	}
	if out.Status != 0 {
		return nil, silent(out.Status, out.Reason())
	}
	return contract.ParseJails(out.Stdout), nil
}

func silent(status int, reason string) error {
	return &failure.Error{
		Err:  fmt.Errorf("the guest does not tell of its jails: status %d: %s", status, reason),
		Next: "`fbdock up` brings the guest to what this configuration says",
	}
}

// command are the arguments of fbdock-jail, as root.
func command(g *machine.Guest, args ...string) []string {
	return g.AsRoot(append([]string{"sh", contract.Helper("fbdock-jail")}, args...)...)
}

// Command is one that changes a jail.
type Command struct {
	// Name is one of fbdock-jail's: start, stop, restart, snapshot, rollback,
	// destroy, create, clone, import, settle.
	Name string
	// Args are the jail's name and what else the command takes.
	Args []string
	// Stdin is what the command reads; nil for nothing.
	Stdin io.Reader
}

// Change runs a command that changes a jail, and reports what the guest says.
func Change(ctx context.Context, m machine.Machine, c Command) error {
	if err := checkName(c.Args[0]); err != nil {
		return err
	}
	g, err := m.Connect(ctx)
	if err != nil {
		return err
	}
	defer g.Close() // the command's own error says more
	return change(ctx, g, m.Progress, c)
}

func change(ctx context.Context, g *machine.Guest, report progress.Reporter, c Command) error {
	steps := &progress.Steps{Progress: report}
	errs := &untrusted.Tail{Limit: maxReason}
	status, err := g.Run(ctx, link.Command{Args: command(g, append([]string{c.Name}, c.Args...)...), Stdin: c.Stdin, Stdout: steps, Stderr: errs})
	if err != nil || status == 0 {
		return err
	}
	return failed(steps, status, errs.String())
}

// maxReason is how much of what a command says fits into a message.
const maxReason = 1 << 10

// failed is the error of a command that ended with a status.
func failed(steps *progress.Steps, status int, reason string) error {
	text, hint := steps.Failed()
	if text == "" {
		return silent(status, untrusted.Short(reason, maxReason))
	}
	return &failure.Error{Err: errors.New(strings.TrimPrefix(text, "jail: ")), Next: hint}
}

// Settle starts the jails of m that waited for folders of this host.
func Settle(ctx context.Context, m machine.Machine) {
	if !slices.ContainsFunc(m.Plan.Jails, func(j plan.Jail) bool { return j.Boot && len(j.Mounts) > 0 }) {
		return
	}
	g, err := m.Connect(ctx)
	if err == nil {
		defer g.Close() // what it said is known
		err = change(ctx, g, m.Progress, Command{Name: "settle"})
	}
	if err != nil {
		m.Progress.Warn(fmt.Sprintf("jails of %s that see folders of this host are not started: %v", m.Plan.Name, err))
	}
}

// Args run a command in the jail of that name, as root; a login shell without
// one. A jail that does not run is an error.
func Args(ctx context.Context, g *machine.Guest, name string, args []string) ([]string, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	there, err := of(ctx, g)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(there, func(j contract.Jail) bool { return j.Name == name })
	switch {
	case at < 0:
		return nil, &failure.Error{Err: fmt.Errorf("the machine has no jail %s", name), Next: "`fbdock jail list` shows those that it has"}
	case there[at].State != "running":
		return nil, &failure.Error{Err: fmt.Errorf("jail %s does not run", name), Next: "start it by `fbdock jail start " + name + "`"}
	}
	if len(args) == 0 {
		args = []string{"/bin/sh", "-l"}
	}
	return g.AsRoot(append([]string{"jexec", "-l", name}, args...)...), nil
}

// Pins are the base systems that the lock file knows, as the guest reads them.
func Pins(lock *lockfile.File) string {
	if lock == nil {
		return ""
	}
	var b strings.Builder
	for _, pin := range lock.Pins() {
		if pin.Kind == lockfile.JailBase {
			fmt.Fprintf(&b, "%s %s %s\n", pin.Name, pin.Architecture, pin.SHA512)
		}
	}
	return b.String()
}

// Pin writes down the base systems that the guest has fetched.
func Pin(ctx context.Context, g *machine.Guest, lock *lockfile.File) error {
	out, err := g.Output(ctx, link.Command{Args: command(g, "bases")})
	if err != nil || out.Status != 0 {
		return err
	}
	for _, base := range contract.ParseJailBases(out.Stdout) {
		err := lock.Add(lockfile.Pin{
			Kind: lockfile.JailBase, Name: base.Release, Architecture: base.Architecture, SHA512: base.SHA512,
			URL: contract.JailBaseURL(base.Release, base.Architecture),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
