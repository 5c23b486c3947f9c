package app

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
)

// bringAgent is ensureAgent for `up`, to which an agent is an extra: all
// commands work without.
func (p *Project) bringAgent(ctx context.Context, m plan.Machine) {
	if err := p.on(m).ApplyAgent(ctx); err != nil {
		p.Progress.Warn(fmt.Sprintf("%s works without its agent, slower and without ports and socket: %v", m.Name, err))
		return
	}
	if p.NoAgent() {
		if len(machine.Served(m)) > 0 {
			p.Progress.Warn(fmt.Sprintf("without an agent the mounts of %s are in its guests only while `fbdock mount --foreground` runs", m.Name))
		}
		return
	}
	p.awaitMounts(ctx, m)
	if err := p.bringContexts(ctx, m); err != nil {
		p.Progress.Warn(err.Error())
	}
}
