package machine

import (
	"context"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
)

// Engine logs in to the engine: through the guest, or beside FreeBSD by its own
// address. Its host key was made on this host, so that there is no first sight to
// trust.
func (g *Guest) Engine(ctx context.Context) (*link.Client, error) {
	switch {
	case g.Agent != nil:
		return g.Agent.Dial(ctx, agent.UserEngine, 0)
	case g.Plan.Engine.Sibling():
		return g.machine.Sibling().Direct(ctx)
	}
	return g.machine.EngineInside(ctx, g.Client)
}

// EngineInside logs in to an engine in FreeBSD through a login there.
func (m Machine) EngineInside(ctx context.Context, through *link.Client) (*link.Client, error) {
	to, options, err := m.engineLogin()
	if err != nil {
		return nil, err
	}
	return through.Through(ctx, to, options)
}

// engineLogin is root's login at the engine, by the keys that it was given, at
// its address between the two guests.
func (m Machine) engineLogin() (link.Endpoint, link.Options, error) {
	secrets, err := usedSecrets(m.Files)
	if err != nil {
		return link.Endpoint{}, link.Options{}, err
	}
	key, err := secrets.EngineKey.Signer()
	if err != nil {
		return link.Endpoint{}, link.Options{}, err
	}
	hostKey, err := secrets.EngineHostKey.Signer()
	if err != nil {
		return link.Endpoint{}, link.Options{}, err
	}
	return link.Endpoint{
		Name: m.Plan.Instance + plan.EngineSuffix, Address: m.Plan.Engine.Address.String() + ":22",
		User: "root", Keys: []ssh.Signer{key}, KeysOnly: true,
	}, link.Options{HostKey: hostKey.PublicKey()}, nil
}
