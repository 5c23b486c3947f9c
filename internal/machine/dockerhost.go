package machine

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/plan"
)

// Side is one of the two of a machine that serve Docker's API.
type Side bool

// The sides. FreeBSD's is podman.
const (
	SideEngine  Side = false
	SideFreeBSD Side = true
)

// DockerHost is where a side of m is reached from this host. An address
// that another user could serve is an error: what Docker's clients send there,
// credentials of registries included, would be that user's.
func (m Machine) DockerHost(ctx context.Context, side Side) (string, error) {
	if !Created(m.Project, m.Plan) { // its folder may have no name yet
		return "", NeedsUp(m.Project, m.Plan)
	}
	socket := m.Files.Agent().Docker()
	if side == SideFreeBSD {
		if err := HasPodman(m.Plan); err != nil {
			return "", err
		}
		socket = m.Files.Agent().Podman()
	}
	address, err := m.Address(socket)
	if err != nil {
		return "", err
	}
	return localsocket.DockerHost(ctx, address)
}

// HasPodman refuses a machine without podman.
func HasPodman(m plan.Machine) error {
	if m.Podman {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("machine %s has no podman", m.Name),
		Next: "add `podman {}` to the machine in fbdock.hcl and run `fbdock up`",
	}
}
