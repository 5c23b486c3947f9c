package app

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/provision/contract"
)

// MachineStatus is how a machine fares, asked of it now.
type MachineStatus struct {
	Machine  string        `json:"machine"`
	State    vagrant.State `json:"state"`
	Provider string        `json:"provider"`
	Address  string        `json:"address,omitempty"`
	Guest    string        `json:"guest,omitempty"` // what the guest says it is
	// Placement of the engine: nested or sibling, and why.
	Placement       string `json:"placement,omitempty"`
	PlacementReason string `json:"placement_reason,omitempty"`
	// Hypervisor that runs the engine, and why not another.
	Hypervisor string          `json:"hypervisor,omitempty"`
	Engine     *engine.Info    `json:"engine,omitempty"`
	Layers     []machine.Layer `json:"layers,omitempty"`
	// Clocks of the guests, and Mounts in them, as the agent sees them.
	Clocks []agent.Clock `json:"clocks,omitempty"`
	Mounts []agent.Mount `json:"mounts,omitempty"`
}

// Status asks machines how they fare. Vagrant is asked only about those
// that cannot be reached directly.
func Status(ctx context.Context, p *project.Project, names []string) ([]MachineStatus, error) {
	machines, err := p.Selection(names)
	if err != nil {
		return nil, err
	}
	var all []MachineStatus
	for _, m := range machines {
		s := MachineStatus{Machine: m.Name, Provider: m.Provider, State: vagrant.NotCreated}
		if !m.OwnComputer() && machine.Created(p.State, m) { // else nothing is decided yet
			s.Placement, s.PlacementReason = cmp.Or(m.Engine.Placement, plan.PlacementNested), m.Engine.PlacementReason
		}
		if err := statusOf(ctx, p, m, &s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func statusOf(ctx context.Context, p *project.Project, m plan.Machine, s *MachineStatus) error {
	g, lost := p.On(m).Cached(ctx, machine.QuickDial)
	if lost != nil {
		g = nil
	} else {
		defer g.Close() // only asked
	}
	var err error
	if s.State, err = p.System(m).State(ctx, g); err != nil {
		return err
	}
	var docker *link.Client // whose server reaches the engine
	switch {
	case g != nil:
		docker, s.Address = g.Client, g.Address
		s.Layers = append(s.Layers, machine.Layer{Name: "freebsd", OK: true, Text: "reached by SSH"})
	case s.State == vagrant.Running: // and nobody has seen that anything in it does
		s.Layers = append(s.Layers, machine.Layer{Name: "freebsd", Text: fmt.Sprintf("not reached by SSH: %v; `fbdock up` tries again", lost)})
	}
	if m.Engine.Sibling() && s.State != vagrant.NotCreated {
		if docker = lookBeside(ctx, p, m, s); docker != nil {
			defer docker.Close() // only asked
		}
	}
	if g != nil && !lookLayers(ctx, g, s) {
		return nil
	}
	if docker != nil {
		lookEngine(ctx, p.On(m), docker, s)
	}
	if g != nil || docker != nil {
		lookAgent(ctx, p, m, s)
	}
	if g != nil {
		lookPodman(ctx, p, m, s)
	}
	return nil
}

// lookBeside logs in to an engine beside FreeBSD, nil where that fails. A machine
// whose FreeBSD is down is down: its engine is told of only where it runs.
func lookBeside(ctx context.Context, p *project.Project, m plan.Machine, s *MachineStatus) *link.Client {
	c, err := p.On(m).Sibling().Cached(ctx, machine.QuickDial)
	switch {
	case err == nil:
		s.Layers = append(s.Layers, machine.Layer{Name: "engine-vm", OK: true, Text: "reached by SSH, by its own address"})
	case s.State == vagrant.Running:
		s.Layers = append(s.Layers, machine.Layer{Name: "engine-vm", Text: fmt.Sprintf("not reached by SSH: %v; `fbdock up` starts it", err)})
	}
	return c
}

// lookLayers asks FreeBSD for its layers, and tells whether it answered.
func lookLayers(ctx context.Context, g *machine.Guest, s *MachineStatus) bool {
	layers, err := g.Layers(ctx)
	if err != nil {
		s.Layers = append(s.Layers, machine.Layer{Name: "health", Text: err.Error()})
		return false
	}
	s.Layers = append(s.Layers, layers...)
	for _, l := range layers {
		if l.Name == "hypervisor" {
			s.Hypervisor = l.Text
		}
	}
	return true
}

// lookPodman asks podman by its socket on this host, as Docker's clients do.
func lookPodman(ctx context.Context, p *project.Project, m plan.Machine, s *MachineStatus) {
	if !m.Podman || p.NoAgent() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, machine.AnswerTimeout)
	defer cancel()
	l := machine.Layer{Name: "podman-api"}
	version, err := podmanVersion(ctx, p, m)
	if l.OK = err == nil; l.OK {
		l.Text = fmt.Sprintf("podman %s answers by its socket, API %s", version.Version, version.APIVersion)
	} else {
		l.Text = err.Error() + contract.HintMark + "fbdock up; fbdock exec -- service podman_service status"
	}
	s.Layers = append(s.Layers, l)
}

func podmanVersion(ctx context.Context, p *project.Project, m plan.Machine) (engine.Version, error) {
	address, err := p.Address(p.State.Machine(m.Name).Agent().Podman())
	if err != nil {
		return engine.Version{}, err
	}
	client, err := engine.NewPodman(func(ctx context.Context, _, _ string) (net.Conn, error) { return localsocket.Dial(ctx, address) })
	if err != nil {
		return engine.Version{}, err
	}
	defer client.Close() // only asked
	return client.Version(ctx)
}

// lookAgent asks the agent for what it serves, and for the guests' clocks.
// Without one the guests have no mounts.
func lookAgent(ctx context.Context, p *project.Project, m plan.Machine, s *MachineStatus) {
	if p.NoAgent() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	remote, err := p.On(m).Remote()
	var now agent.Status
	if err == nil {
		now, err = remote.Clocks(ctx)
	}
	if err != nil {
		s.Layers = append(s.Layers, machine.Layer{Name: "agent", Text: fmt.Sprintf("%v; `fbdock up` starts it", err)})
		return
	}
	s.Layers = append(s.Layers, agentLayer(now))
	for _, r := range now.Reverse {
		s.Layers = append(s.Layers, reverseLayer(r))
	}
	s.Clocks, s.Mounts = now.Clocks, now.Mounts
	for _, c := range now.Clocks {
		s.Layers = append(s.Layers, clockLayer(c))
	}
	for _, one := range now.Mounts {
		l := machine.Layer{Name: "mount", OK: one.Mounted, Text: fmt.Sprintf("%s is at %s on %s", one.Source, one.Target, one.Guest)}
		if !one.Mounted {
			l.Text = machine.Missing(one).Error()
		}
		s.Layers = append(s.Layers, l)
	}
}

func agentLayer(now agent.Status) machine.Layer {
	l := machine.Layer{Name: "agent", Text: fmt.Sprintf("serves since %s", now.Started.Format(time.DateTime))}
	repairs := now.Repairs
	if now.EngineLink != nil {
		repairs += now.EngineLink.Repairs
	}
	switch {
	case !now.Link:
		l.Text = "no connection to the guest: " + now.Error
	case now.EngineLink != nil && !now.EngineLink.Up:
		l.Text = "no connection to the engine: " + now.EngineLink.Error
	case repairs > 0:
		l.OK, l.Text = true, fmt.Sprintf("%s, the link was made anew %d times", l.Text, repairs)
	default:
		l.OK = true
	}
	return l
}

// reverseLayer is a way of FreeBSD's to an engine that it has no network to.
func reverseLayer(r agent.ReverseStatus) machine.Layer {
	if !r.Up {
		return machine.Layer{Name: "forward", Text: fmt.Sprintf("FreeBSD's %s does not lead to %s: %s", r.At, r.Name, r.Error)}
	}
	text := fmt.Sprintf("FreeBSD's %s leads to %s, by the agent", r.At, r.Name)
	if r.Refused > 0 {
		text += fmt.Sprintf("; %d connections were refused, as too many were open", r.Refused)
	}
	return machine.Layer{Name: "forward", OK: true, Text: text}
}

func clockLayer(c agent.Clock) machine.Layer {
	l := machine.Layer{Name: "clock", OK: c.Error == "" && !c.Wrong(), Text: c.Guest + " agrees with this host"}
	switch off := c.Off.Round(time.Second); {
	case c.Error != "":
		l.Text = fmt.Sprintf("of %s: %s", c.Guest, c.Error)
	case off > 0:
		l.Text = fmt.Sprintf("%s is %v ahead of this host", c.Guest, off)
	case off < 0:
		l.Text = fmt.Sprintf("%s is %v behind this host", c.Guest, -off)
	}
	return l
}

// lookEngine asks dockerd over a connection whose server reaches it.
func lookEngine(ctx context.Context, m machine.Machine, over *link.Client, s *MachineStatus) {
	ctx, cancel := context.WithTimeout(ctx, machine.AnswerTimeout)
	defer cancel()
	client, err := m.DockerOver(over)
	if err == nil {
		defer client.Close() // only asked
		var info engine.Info
		if info, err = client.Info(ctx); err == nil {
			s.Engine = &info
			s.Layers = append(s.Layers, machine.Layer{Name: "docker", OK: true, Text: "dockerd " + info.ServerVersion + " answers with TLS"})
			return
		}
	}
	s.Layers = append(s.Layers, machine.Layer{Name: "docker", Text: err.Error()})
}
