package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"
)

// Ports are the published ports of a machine's containers and where they
// are on this host.
func Ports(ctx context.Context, p *project.Project, name string) ([]agent.Port, error) {
	m, err := p.Machine(name)
	if err != nil {
		return nil, err
	}
	if err := machine.NeedsUp(p.State, m); err != nil {
		return nil, err
	}
	remote, err := p.On(m).ServingAgent(ctx)
	if err != nil {
		return nil, err
	}
	s, err := remote.Ports(ctx)
	if _, none := errors.AsType[*link.UnreachableError](err); none {
		return nil, &failure.Error{Err: errors.New("no agent serves the machine"), Next: "ports need one; take FBDOCK_AGENT=off out of the environment"}
	}
	if err != nil {
		return nil, err
	}
	if s.PortsError != "" {
		return s.Ports, &failure.Error{Err: fmt.Errorf("the containers' ports are not known: %s", s.PortsError), Next: "`fbdock status` names the layer that does not work"}
	}
	return s.Ports, nil
}
