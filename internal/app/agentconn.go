package app

import (
	"context"
	"fmt"

	"github.com/fbdock/fbdock/internal/project"
)

// AgentConn is a connection to the socket of the agent of m, which is
// started when it does not serve: OpenSSH's ProxyCommand.
func AgentConn(ctx context.Context, p *project.Project, machine string) (Duplex, error) {
	m, err := p.Machine(machine)
	if err != nil {
		return nil, err
	}
	remote, err := p.On(m).ServingAgent(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := remote.Conn(ctx)
	if err != nil {
		return nil, err
	}
	both, ok := conn.(Duplex)
	if !ok {
		return nil, fmt.Errorf("connection %T has no half-close", conn)
	}
	return both, nil
}

// Duplex is a connection whose directions end apart.
type Duplex interface {
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	CloseWrite() error
	Close() error
}
