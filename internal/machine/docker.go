package machine

import (
	"context"
	"errors"
	"net"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/provision/contract"
)

// Docker is a client of the engine's API: through the guest, and of an engine
// beside FreeBSD by its own connection.
func (g *Guest) Docker() (*engine.Client, error) {
	if g.Plan.Engine.Sibling() {
		return g.machine.dockerBy(ownLogins(g.Engine))
	}
	return g.machine.DockerOver(g.Client)
}

// DockerOver is a client of the engine's API over a connection whose server
// reaches the engine's address.
func (m Machine) DockerOver(c *link.Client) (*engine.Client, error) { return m.dockerBy(c.DialContext) }

func (m Machine) dockerBy(dial engine.Dialer) (*engine.Client, error) {
	tls, err := engineTLS(m.Files)
	if err != nil {
		return nil, err
	}
	return engine.New(dial, tls, contract.EngineURL(m.Plan.Engine.Address))
}

// ownLogins has each connection be over a login of its own: an engine that is set
// up or restarts takes those before with it.
func ownLogins(login func(context.Context) (*link.Client, error)) engine.Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		client, err := login(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := client.DialContext(ctx, network, address)
		if err != nil {
			return nil, errors.Join(err, client.Close())
		}
		return ownLogin{conn, client}, nil
	}
}

// ownLogin is a connection over a login that ends with it.
type ownLogin struct {
	net.Conn
	login *link.Client
}

func (c ownLogin) Close() error { return errors.Join(c.Conn.Close(), c.login.Close()) }
