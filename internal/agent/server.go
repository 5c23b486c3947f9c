package agent

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent/uplink"
)

// The users that a client of the socket may log in as: a guest, or the agent
// itself.
const (
	UserFreeBSD = "freebsd"
	UserEngine  = "engine"
	userControl = "control"
)

// bannerPrefix begins the server's version; the identity follows it.
const bannerPrefix = "SSH-2.0-fbdock_"

// Banner is the version that the agent's SSH server shows, by which a client
// knows, without a question, whether it is the agent that it wants.
func Banner(identity string) string { return bannerPrefix + identity }

// handshake bounds the login of a client, the wait for the link included.
const handshake = uplink.Wait + 20*time.Second

// handleSSH serves one client of the socket.
func (a *Agent) handleSSH(ctx context.Context, conn net.Conn) {
	defer conn.Close() //nolint:errcheck // whatever it was, it has ended
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var to *uplink.Session
	config := &ssh.ServerConfig{
		ServerVersion: Banner(a.o.Identity),
		NoClientAuth:  true, // who may open the socket is in
		NoClientAuthCallback: func(meta ssh.ConnMetadata) (perms *ssh.Permissions, err error) {
			to, err = a.target(ctx, meta.User())
			if err != nil {
				return nil, &ssh.BannerError{Err: err, Message: refusal + err.Error() + "\r\n"}
			}
			return nil, nil
		},
	}
	config.AddHostKey(a.o.HostKey)
	_ = conn.SetDeadline(time.Now().Add(handshake))
	server, chans, reqs, err := ssh.NewServerConn(conn, config)
	if err != nil {
		a.o.Log.Debug("client did not log in", "error", err)
		return
	}
	_ = conn.SetDeadline(time.Time{})
	var channels sync.WaitGroup
	channels.Go(func() { answer(reqs) })
	for asked := range chans {
		channels.Go(func() { a.channel(ctx, server, to, asked) })
	}
	cancel() // what still waits for the guest waits for nobody
	channels.Wait()
}

// target is where the channels of a user lead; nil is the agent itself.
func (a *Agent) target(ctx context.Context, user string) (*uplink.Session, error) {
	switch user {
	case userControl:
		return nil, nil
	case UserEngine:
		return a.engine.Get(ctx)
	case UserFreeBSD:
		return a.freebsd.Get(ctx)
	default:
		return nil, fmt.Errorf("there is no guest %q; the users are %s and %s", user, UserFreeBSD, UserEngine)
	}
}

// channel serves one channel. A client that stays for long (OpenSSH's
// ControlMaster) may see its link replaced by another.
func (a *Agent) channel(ctx context.Context, server *ssh.ServerConn, to *uplink.Session, asked ssh.NewChannel) {
	if to == nil {
		a.control(ctx, asked)
		return
	}
	if !to.Alive() {
		var err error
		if to, err = a.target(ctx, server.User()); err != nil {
			_ = asked.Reject(ssh.ConnectionFailed, err.Error())
			return
		}
	}
	switch kind := asked.ChannelType(); kind {
	case "session", "direct-tcpip", "direct-streamlocal@openssh.com":
		relay(ctx, to, asked, func() (*uplink.Session, error) { return a.target(ctx, server.User()) })
	default:
		_ = asked.Reject(ssh.UnknownChannelType, fmt.Sprintf("fbdock relays no %s channels", kind))
	}
}

// answer is for requests outside of channels. A sign of life gets its
// answer; forwards from the guest to the host are not offered.
func answer(reqs <-chan *ssh.Request) {
	for req := range reqs {
		if req.WantReply {
			_ = req.Reply(strings.HasPrefix(req.Type, "keepalive@"), nil)
		}
	}
}
