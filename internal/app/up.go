package app

import (
	"context"

	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/up"
)

// Up brings machines to the state that the configuration describes,
// starting from whatever state they are in.
func Up(ctx context.Context, p *project.Project, names []string) ([]up.Result, error) {
	machines, err := p.Selection(names)
	if err != nil {
		return nil, err
	}
	for _, m := range machines {
		if err := fits(ctx, p, m); err != nil {
			return nil, err
		}
		if err := p.System(m).Preflight(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.AgreeToReach(); err != nil {
		return nil, err
	}
	unlock, err := p.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := p.RememberReach(); err != nil {
		return nil, err
	}
	p.WarnUnnamed(p.MadeBefore())
	if err := up.FetchAhead(ctx, p, machines); err != nil {
		return nil, err
	}
	var results []up.Result
	for _, m := range machines {
		r, settled, now, err := upOne(ctx, p, m)
		if err != nil {
			return results, err
		}
		p = now
		bringAgent(ctx, p, settled)
		results = append(results, r)
	}
	return results, nil
}
