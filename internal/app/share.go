package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/provision"
)

// Share is a share of a machine and how a test of it has ended.
type Share struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // 9p or nfs
	Dataset string `json:"dataset,omitempty"`
	FreeBSD string `json:"freebsd"` // where FreeBSD has it
	Engine  string `json:"engine"`  // where the engine has it
	OK      bool   `json:"ok"`
	// Layer that fails, "" when none does; Text is what was seen.
	Layer string `json:"layer,omitempty"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// Shares writes and reads a small file in every share of a machine, from
// both sides. What fails is told in the answer and is no error.
func (p *Project) Shares(ctx context.Context, machine string) ([]Share, error) {
	m, err := p.Machine(machine)
	if err != nil || len(m.Shares) == 0 {
		return nil, err
	}
	g, err := p.connect(ctx, m)
	if err != nil {
		return nil, err
	}
	defer g.Close() // only asked
	out, err := g.Output(ctx, link.Command{Args: g.asRoot("sh", "-c", "exec /usr/local/libexec/fbdock/fbdock-shares")})
	if err != nil {
		return nil, err
	}
	if out.Status > 1 {
		return nil, &failure.Error{
			Err:  fmt.Errorf("the guest cannot test its shares: status %d: %s", out.Status, out.Reason()),
			Next: "`fbdock up` brings the guest to what this configuration says",
		}
	}
	found := shareLines(out.Stdout)
	shares := make([]Share, 0, len(m.Shares))
	for _, s := range m.Shares {
		one, there := found[s.Name]
		if !there {
			one = Share{Layer: "steps", Text: "the guest does not know it", Hint: "`fbdock up` makes it"}
		}
		one.Name, one.Type, one.FreeBSD, one.Engine = s.Name, s.Type, provision.SharePath(s.Name), s.Target
		shares = append(shares, one)
	}
	return shares, nil
}

// shareLines reads what fbdock-shares says: "fbdock-share NAME DATASET ok
// TEXT" and "fbdock-share NAME DATASET fail LAYER TEXT | hint: HINT".
func shareLines(out string) map[string]Share {
	found := map[string]Share{}
	for line := range strings.Lines(out) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "fbdock-share ")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(rest, " ")
		dataset, rest, _ := strings.Cut(rest, " ")
		state, text, _ := strings.Cut(rest, " ")
		s := Share{Dataset: dataset, OK: state == "ok"}
		text, s.Hint, _ = strings.Cut(text, " | hint: ")
		if !s.OK {
			s.Layer, text, _ = strings.Cut(text, " ")
		}
		s.Text = text
		found[name] = s
	}
	return found
}
