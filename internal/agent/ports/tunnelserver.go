package ports

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/datagram"
	"github.com/fbdock/fbdock/internal/link"
)

// serverStarts bounds the start of the sshd for UDP, which may wait for the one
// of a lost connection to end.
const serverStarts = time.Minute

// tunnelServer is a connection with an sshd that root has started in FreeBSD for
// it alone, and that opens tunnels.
func (f *Forwards) tunnelServer(ctx context.Context) (*link.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, serverStarts)
	defer cancel()
	server, err := datagram.NewServer()
	if err != nil {
		return nil, err
	}
	conn, err := f.o.Root(ctx, server.Args)
	if err != nil {
		return nil, fmt.Errorf("start an sshd for UDP: %w", err)
	}
	if err := server.Start(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	to := link.Endpoint{Name: "the sshd for UDP", Address: "freebsd:22", User: "root", Keys: []ssh.Signer{server.Key}, KeysOnly: true}
	return link.Dial(ctx, to, link.Options{
		HostKey: server.HostKey,
		Dial:    func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	})
}
