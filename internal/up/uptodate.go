package up

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/provision/contract"
)

// upToDate tells whether the machine runs with all that is wanted applied,
// its engine answers and every layer below works. It asks the guests, never a
// file of ours alone.
func (u *run) upToDate(ctx context.Context) (version string, ok bool) {
	if u.engine.replaced || u.applied.Payload != u.wanted.Payload || u.applied.Image != u.wanted.Image {
		return "", false
	}
	g, err := u.atHand(ctx)
	if err != nil {
		return "", false
	}
	defer g.Close() // only asked
	answered := make(chan error, 1)
	go func() {
		var err error
		version, err = answers(ctx, g)
		answered <- err
	}()
	hash, err := g.Sudo(ctx, contract.AppliedCommand())
	var layers []machine.Layer
	if err == nil && untrusted.FirstLine(hash) == u.wanted.Payload {
		layers, err = g.Layers(ctx)
	}
	silent := <-answered
	if err != nil || untrusted.FirstLine(hash) != u.wanted.Payload {
		return "", false
	}
	repairable, warnings := machine.Broken(layers)
	for _, l := range repairable {
		u.Progress.Say(fmt.Sprintf("%s: %s does not work: %s", u.m.Name, l.Name, l.Reason()))
	}
	if len(repairable) > 0 || silent != nil {
		return "", false
	}
	warnLayers(u.Progress, u.m.Name, warnings)
	return version, true
}

func warnLayers(p progress.Reporter, name string, layers []machine.Layer) {
	for _, l := range layers {
		p.Warn(fmt.Sprintf("%s: %s: %s", name, l.Name, l.Text))
	}
}

// atHand is the connection of the agent, where one serves that is as wanted,
// or a login by what was known last.
func (u *run) atHand(ctx context.Context) (*machine.Guest, error) {
	quick, cancel := context.WithTimeout(ctx, machine.QuickDial) // the agent may be reconnecting to a guest that is down
	defer cancel()
	if u.changing.host() {
		return u.On(u.m).Cached(ctx, machine.QuickDial) // the agent's is the one before
	}
	if g, err := u.On(u.m).DialAgent(quick); err == nil {
		return g, nil
	}
	return u.On(u.m).Cached(ctx, machine.QuickDial)
}

// stale tells that the machine runs with other resources than configured.
func (u *run) stale() bool {
	return u.applied.Vagrantfile != "" && u.applied.Vagrantfile != u.wanted.Vagrantfile
}

// warnStale says so: changing them takes a restart, which is the user's to
// choose.
func (u *run) warnStale() {
	if u.stale() {
		u.Progress.Warn(fmt.Sprintf("the configuration of %s has changed since it was started; `fbdock reload %s` applies it", u.m.Name, u.m.Name))
	}
}
