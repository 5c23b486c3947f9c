package jail

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/netip"
	"strconv"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/provision"
	"github.com/fbdock/fbdock/provision/contract"
)

// New is a jail that no configuration has.
type New struct {
	hcl.Jail
	// From is the jail that it is a clone of, "" for a release's base system.
	From string
}

// Create makes a jail as it is asked for. dir is what relative folders are in.
func Create(ctx context.Context, m machine.Machine, dir string, lock *lockfile.File, n New) error {
	g, err := m.Connect(ctx)
	if err != nil {
		return err
	}
	defer g.Close() // the command's own error says more
	settings, err := settingsOf(ctx, g, m.Plan, dir, n.Jail)
	if err != nil {
		return err
	}
	c := Command{Name: "create", Args: []string{n.Name}, Stdin: bytes.NewReader(settings)}
	if n.From != "" {
		if err := checkName(n.From); err != nil {
			return err
		}
		c.Name, c.Args = "clone", []string{n.From, n.Name}
	}
	if err := change(ctx, g, m.Progress, c); err != nil {
		return err
	}
	return Pin(ctx, g, lock)
}

// settingsOf are the settings of a jail that is made by hand.
func settingsOf(ctx context.Context, g *machine.Guest, m plan.Machine, dir string, in hcl.Jail) ([]byte, error) {
	if _, declared := m.Jail(in.Name); declared {
		return nil, &failure.Error{Err: fmt.Errorf("jail %s is in %s", in.Name, hcl.FileName), Next: "`fbdock up` makes it; choose another name for one by hand"}
	}
	there, err := of(ctx, g)
	if err != nil {
		return nil, err
	}
	var taken []netip.Addr
	for _, j := range there {
		if a, err := netip.ParseAddr(j.Address); err == nil {
			taken = append(taken, a)
		}
	}
	j, err := plan.JailByHand(m, in, dir, taken)
	if err != nil {
		return nil, &failure.Error{Err: err, Next: failure.Hint(err), Code: failure.ExitUsage}
	}
	return provision.JailSettings(m, j)
}

// Export writes a jail to w, for Import on this or another machine.
func Export(ctx context.Context, m machine.Machine, name string, w io.Writer) error {
	if err := checkName(name); err != nil {
		return err
	}
	g, err := m.Connect(ctx)
	if err != nil {
		return err
	}
	defer g.Close() // the command's own error says more
	there, err := of(ctx, g)
	if err != nil {
		return err
	}
	for _, j := range there {
		if j.Name != name {
			continue
		}
		h := Header{Name: name, Release: j.Release, Hostname: j.Hostname, Architecture: cmp.Or(m.Plan.Box.Architecture, m.Plan.Engine.Image.Architecture)}
		if err := h.Write(w); err != nil {
			return err
		}
		return stream(ctx, g, name, w)
	}
	return &failure.Error{Err: fmt.Errorf("machine %s has no jail %s", m.Plan.Name, name), Next: "`fbdock jail list` shows those that it has"}
}

func stream(ctx context.Context, g *machine.Guest, name string, w io.Writer) error {
	steps := &progress.Steps{Progress: progress.Silent()} // on standard error: the stream is on the other
	status, err := g.Run(ctx, link.Command{Args: command(g, "export", name), Stdout: w, Stderr: steps})
	if err == nil && status != 0 {
		err = failed(steps, status, "")
	}
	return err
}

// Import makes a jail of what Export has written. name is its name,
// "" the one that it had; boot starts it, now and with the guest.
func Import(ctx context.Context, m machine.Machine, name string, boot bool, r io.Reader) error {
	h, body, err := Read(r)
	if err != nil {
		return &failure.Error{Err: fmt.Errorf("import a jail: %w", err), Next: "name a file that `fbdock jail export` has written"}
	}
	if own := cmp.Or(m.Plan.Box.Architecture, m.Plan.Engine.Image.Architecture); h.Architecture != "" && own != "" && own != h.Architecture {
		return &failure.Error{Err: fmt.Errorf("the jail is of %s, and machine %s is %s", h.Architecture, m.Plan.Name, own), Next: "import it on a machine of its architecture"}
	}
	g, err := m.Connect(ctx)
	if err != nil {
		return err
	}
	defer g.Close() // the command's own error says more
	name = cmp.Or(name, h.Name)
	settings, err := settingsOf(ctx, g, m.Plan, "", hcl.Jail{Name: name, Hostname: h.Hostname, Boot: boot})
	if err != nil {
		return err
	}
	return change(ctx, g, m.Progress, Command{
		Name: "import", Args: []string{name, h.Release, strconv.Itoa(len(settings))}, Stdin: io.MultiReader(bytes.NewReader(settings), body),
	})
}

// Limits are the limits of a jail and what it uses now.
type Limits struct {
	Name string `json:"name"`
	// Enabled tells whether the kernel counts at all.
	Enabled bool `json:"enabled"`
	// Memory in bytes and CPUs; 0 is no limit.
	Memory int64            `json:"memory"`
	CPUs   int64            `json:"cpus"`
	Used   map[string]int64 `json:"used,omitempty"`
}

// LimitsOf shows the limits of a jail. With set they are set before, to Memory
// and CPUs.
func LimitsOf(ctx context.Context, m machine.Machine, name string, set *Limits) (Limits, error) {
	l := Limits{Name: name, Enabled: true, Used: map[string]int64{}}
	if err := checkName(name); err != nil {
		return l, err
	}
	g, err := m.Connect(ctx)
	if err != nil {
		return l, err
	}
	defer g.Close() // the command's own error says more
	args := []string{"limits", name}
	if set != nil {
		args = append(args, limitWord(set.Memory), limitWord(set.CPUs))
	}
	out, err := g.Output(ctx, link.Command{Args: command(g, args...)})
	if err != nil {
		return l, err
	}
	if out.Status != 0 {
		steps := &progress.Steps{Progress: progress.Silent()}
		_, _ = io.WriteString(steps, out.Stdout)
		return l, failed(steps, out.Status, out.Stderr)
	}
	for _, one := range contract.ParseJailLimits(out.Stdout) {
		switch {
		case one.Used:
			l.Used[one.Name] = one.Value
		case one.Name == "off":
			l.Enabled = false
		case one.Name == "memory":
			l.Memory = one.Value
		case one.Name == "cpus":
			l.CPUs = one.Value
		}
	}
	return l, nil
}

func limitWord(n int64) string {
	if n <= 0 {
		return "-"
	}
	return strconv.FormatInt(n, 10)
}
