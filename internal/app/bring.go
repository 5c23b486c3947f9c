package app

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/contexts"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// bringAgent is EnsureAgent for `up`, to which an agent is an extra: all
// commands work without.
func bringAgent(ctx context.Context, p *project.Project, m plan.Machine) {
	if err := p.On(m).ApplyAgent(ctx); err != nil {
		p.Progress.Warn(fmt.Sprintf("%s works without its agent, slower and without ports and socket: %v", m.Name, err))
		return
	}
	if p.NoAgent() {
		if len(machine.Served(m)) > 0 {
			p.Progress.Warn(fmt.Sprintf("without an agent the mounts of %s are in its guests only while `fbdock mount --foreground` runs", m.Name))
		}
		return
	}
	awaitMounts(ctx, p, m)
	jail.Settle(ctx, p.On(m))
	if err := contexts.Bring(ctx, p.On(m)); err != nil {
		p.Progress.Warn(err.Error())
	}
}
