package external

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/provision"
	"github.com/fbdock/fbdock/provision/contract"
)

// Agree looks at the computer, shows what would change there and what of the
// configuration would be applied, and asks. What was agreed to is not asked
// again while it stays the same.
func (o *Computer) Agree(ctx context.Context, phase progress.Runner, settings []provision.Setting) error {
	script, err := provision.Survey(o.Plan)
	if err != nil {
		return err
	}
	r, err := ReadRecord(o.Files, o.Plan.Name)
	agreed := agreement(settings)
	if err != nil || r.Agreed == agreed && r.Surveyed == fingerprint.Hex(script) {
		return err
	}
	g, err := o.first(ctx, phase)
	if err != nil {
		return err
	}
	defer g.Close() // only asked
	if r, err = ReadRecord(o.Files, o.Plan.Name); err != nil {
		return err
	}
	var s contract.Survey
	if err := phase("survey", func() (text string, err error) {
		s, err = o.look(ctx, g, script)
		return fmt.Sprintf("%d changes", len(s.Changes)), err
	}); err != nil {
		return err
	}
	if err := o.ask(s, differences(r, agreed, settings)); err != nil {
		return err
	}
	r.Agreed, r.Surveyed, r.Settings = agreed, fingerprint.Hex(script), map[string]string{}
	for _, one := range settings {
		r.Settings[one.Name] = one.Digest
	}
	return o.write(r)
}

// first is the login that finds out what the computer is and how fbdock can
// be root there.
func (o *Computer) first(ctx context.Context, phase progress.Runner) (g *machine.Guest, err error) {
	err = phase("login", func() (text string, err error) {
		if err := o.Refresh(ctx); err != nil {
			return "", err
		}
		if g, err = o.Cached(ctx, 0); err != nil {
			return "", o.explain(err)
		}
		if err = o.findRoot(ctx, g); err != nil {
			return "", errors.Join(err, g.Close())
		}
		return Where(o.Plan), nil
	})
	return g, err
}

// explain says what a login that failed means for a computer that fbdock
// did not make.
func (o *Computer) explain(err error) error {
	if _, refused := errors.AsType[*link.AuthError](err); refused {
		return &failure.Error{Err: err, Next: fmt.Sprintf("the login must work by key, without a question: see what `ssh %s` says, load the key with ssh-add, or send it there with ssh-copy-id", Where(o.Plan))}
	}
	if _, unreachable := errors.AsType[*link.UnreachableError](err); unreachable && o.Plan.Provider == plan.ProviderNative {
		return &failure.Error{Err: err, Next: "fbdock starts the base system's /usr/sbin/sshd for itself; is it there?"}
	} else if unreachable {
		return &failure.Error{Err: err, Next: fmt.Sprintf("see what `ssh %s` says; is the computer on, and is its sshd enabled?", Where(o.Plan))}
	}
	return err
}

// rootWays prints the system, and the first way to be root that asks nothing:
// a program by its path, as not every shell has /usr/local/bin in its PATH.
const rootWays = `PATH=$PATH:/usr/local/bin
uname -s
[ "$(id -u)" != 0 ] || { echo root; exit 0; }
for way in sudo doas; do
  "$way" -n true 2>/dev/null && { command -v "$way"; exit 0; }
done
echo none`

func (o *Computer) findRoot(ctx context.Context, g *machine.Guest) error {
	out, err := g.Output(ctx, link.Command{Args: []string{"sh", "-c", rootWays}})
	if err != nil {
		return err
	}
	answer := strings.Fields(out.Stdout)
	if out.Status != 0 || len(answer) != 2 {
		return &failure.Error{
			Err:  fmt.Errorf("%s does not run commands as FreeBSD does: status %d, %q", Where(o.Plan), out.Status, untrusted.FirstLine(out.Stdout+out.Stderr)),
			Next: "host must be a FreeBSD computer with a shell for this user", Code: failure.ExitImpossible,
		}
	}
	if answer[0] != "FreeBSD" {
		return &failure.Error{
			Err:  fmt.Errorf("%s runs %s, not FreeBSD; nothing was changed there", Where(o.Plan), answer[0]),
			Next: "name a FreeBSD 14 or 15 computer, or leave host out and let fbdock make a VM", Code: failure.ExitImpossible,
		}
	}
	r, err := ReadRecord(o.Files, o.Plan.Name)
	if err != nil {
		return err
	}
	switch answer[1] {
	case "root":
		r.Root = nil
	case "none":
		return &failure.Error{
			Err: fmt.Errorf("the user of %s can become root neither by sudo nor by doas without a password; nothing was changed there", Where(o.Plan)),
			Next: "give the user one of them, as in `permit nopass ME` in /usr/local/etc/doas.conf or `ME ALL=(ALL) NOPASSWD: ALL` by visudo, " +
				"or log in as root with a key: host = \"ssh://root@...\"",
		}
	default:
		r.Root = []string{answer[1], "-n"}
	}
	g.Root = r.Root
	return o.write(r)
}

// look runs the survey, which changes nothing.
func (o *Computer) look(ctx context.Context, g *machine.Guest, script []byte) (contract.Survey, error) {
	out, err := g.Output(ctx, link.Command{Args: g.AsRoot("sh", "-s"), Stdin: bytes.NewReader(script)})
	if err != nil {
		return contract.Survey{}, err
	}
	s := contract.ParseSurvey(out.Stdout)
	if out.Status != 0 || !s.Done {
		return s, fmt.Errorf("look at %s: status %d: %s", Where(o.Plan), out.Status, out.Reason())
	}
	return s, nil
}

// ask shows the survey and what is new of the settings, and has the user's
// yes, or an error.
func (o *Computer) ask(s contract.Survey, settings []string) error {
	say := o.Progress.Show
	for _, fact := range s.Has {
		say(fmt.Sprintf("  %-10s %s", fact[0], fact[1]))
	}
	if len(s.Stops) > 0 {
		return &failure.Error{
			Err:  fmt.Errorf("machine %s cannot be on %s: %s; nothing was changed there", o.Plan.Name, Where(o.Plan), strings.Join(s.Stops, "; ")),
			Next: strings.Join(s.Hints, "; "), Code: failure.ExitImpossible,
		}
	}
	if len(s.Changes) == 0 && len(settings) == 0 {
		return nil
	}
	say(fmt.Sprintf("on %s fbdock would change:", Where(o.Plan)))
	for _, change := range s.Changes {
		say("  + " + change)
	}
	for _, line := range settings {
		say("  " + line)
	}
	question := fmt.Sprintf("Make these changes on %s? `fbdock destroy` undoes them.", Where(o.Plan))
	if o.Confirm == nil {
		return &failure.Error{Err: errors.New("nobody can be asked: " + question), Code: failure.ExitUsage}
	}
	ok, err := o.Confirm(question)
	switch {
	case err != nil:
		return &failure.Error{Err: fmt.Errorf("nothing was changed on %s: %w", Where(o.Plan), err), Code: failure.ExitUsage}
	case !ok:
		return &failure.Error{Err: fmt.Errorf("nothing was changed on %s", Where(o.Plan)), Next: "`fbdock up` asks again"}
	}
	return nil
}
