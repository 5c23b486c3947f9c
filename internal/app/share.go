package app

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/provision"
	"github.com/fbdock/fbdock/provision/contract"
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
func Shares(ctx context.Context, p *project.Project, machine string) ([]Share, error) {
	m, err := p.Machine(machine)
	if err != nil || len(m.Shares) == 0 {
		return nil, err
	}
	g, err := p.On(m).Connect(ctx)
	if err != nil {
		return nil, err
	}
	defer g.Close() // only asked
	out, err := g.Output(ctx, link.Command{Args: g.AsRoot("sh", "-c", contract.SharesCommand())})
	if err != nil {
		return nil, err
	}
	if out.Status > 1 {
		return nil, &failure.Error{
			Err:  fmt.Errorf("the guest cannot test its shares: status %d: %s", out.Status, out.Reason()),
			Next: "`fbdock up` brings the guest to what this configuration says",
		}
	}
	found := map[string]contract.Share{}
	for _, s := range contract.ParseShares(out.Stdout) {
		found[s.Name] = s
	}
	shares := make([]Share, 0, len(m.Shares))
	for _, s := range m.Shares {
		one, there := found[s.Name]
		if !there {
			one = contract.Share{Layer: "steps", Text: "the guest does not know it", Hint: "`fbdock up` makes it"}
		}
		shares = append(shares, Share{
			Name: s.Name, Type: s.Type, Dataset: one.Dataset, FreeBSD: provision.SharePath(s.Name), Engine: s.Target,
			OK: one.OK, Layer: one.Layer, Text: one.Text, Hint: one.Hint,
		})
	}
	return shares, nil
}
