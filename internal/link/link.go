// Package link connects to the guests: SSH from the host to FreeBSD
// and through it to the engine, with sessions, tunnels, keepalive and pinned
// host keys. It knows addresses and keys only: it never starts programs,
// never reads the environment and never prints.
package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// Endpoint is a server to log in to.
type Endpoint struct {
	// Name stands for the machine in the file of pins, as OpenSSH's
	// HostKeyAlias does, so that a new port or address changes nothing.
	Name     string
	Address  string // host:port
	User     string
	KeyFiles []string
	// Keys are tried before those of KeyFiles.
	Keys []ssh.Signer
	// KeysOnly keeps the keys of the user's agent out while there are Keys,
	// or one of KeyFiles can be read.
	KeysOnly bool
}

// Options say how to connect. The zero value is usable for a server whose
// HostKey is given.
type Options struct {
	// KnownHosts is the file of pins; a key that is not in it is added
	// after the first login that succeeds.
	KnownHosts string
	// HostKey, when set, is the only key accepted; KnownHosts is not used.
	HostKey ssh.PublicKey
	// FirstSight, when set, judges the key of a server that has none in
	// KnownHosts; an error refuses the server and is Dial's. KeyTypes are
	// asked for first then.
	FirstSight func(key ssh.PublicKey) error
	KeyTypes   []string
	// AgentSocket is the user's ssh-agent ("" for none).
	AgentSocket string
	// Timeout bounds connecting and login together; 0 is 20 s.
	Timeout time.Duration
	// Connect bounds connecting alone; 0 is Timeout. A server that is there
	// may be slow: an emulated one takes seconds for its part of a login.
	Connect time.Duration
	// KeepAlive is the time between two questions to the server (0 is
	// 10 s) and IdleTimeout that without any byte from it after which the
	// link is given up (0 is 15 s).
	KeepAlive   time.Duration
	IdleTimeout time.Duration
	// Local is for a link that never leaves this computer: what keeps it
	// secret matters less than the time to set it up.
	Local bool
	// Banner gets what the server says before the login (RFC 4252, 5.4); nil
	// ignores it.
	Banner func(text string)
	// Dial replaces the TCP dialer, for a link over something else.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (o Options) timeout() time.Duration     { return orDefault(o.Timeout, 20*time.Second) }
func (o Options) keepAlive() time.Duration   { return orDefault(o.KeepAlive, 10*time.Second) }
func (o Options) idleTimeout() time.Duration { return orDefault(o.IdleTimeout, 15*time.Second) }

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Client is one SSH connection. It may be used by many goroutines at once.
type Client struct {
	ssh  *ssh.Client
	conn *liveConn
	name string

	done chan struct{} // closed when the link is gone
	wg   sync.WaitGroup

	mu  sync.Mutex
	why error // first reason for the end
}

// Dial connects and logs in. It answers with an *UnreachableError, an
// *AuthError or a *HostKeyChangedError; after the first two the caller may
// ask Vagrant for a fresh ssh-config and try again.
func Dial(ctx context.Context, to Endpoint, o Options) (*Client, error) {
	dial := o.Dial
	if dial == nil {
		dialer := &net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: o.keepAlive(), Interval: o.keepAlive(), Count: 3,
		}}
		dial = dialer.DialContext
	}
	return connect(ctx, dial, to, o)
}

// Through logs in to a server that c's server can reach. The new link ends
// with c; closing it leaves c alone.
func (c *Client) Through(ctx context.Context, to Endpoint, o Options) (*Client, error) {
	return connect(ctx, c.DialContext, to, o)
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func connect(ctx context.Context, dial dialFunc, to Endpoint, o Options) (*Client, error) {
	inner, cancel := context.WithTimeoutCause(ctx, o.timeout(), errTimeout)
	defer cancel()
	connecting, stop := context.WithTimeoutCause(inner, orDefault(o.Connect, o.timeout()), errTimeout)
	defer stop()
	conn, err := dial(connecting, "tcp", to.Address)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &UnreachableError{Name: to.Name, Address: to.Address, Err: reason(connecting, err)}
	}
	return login(ctx, inner, conn, to, o)
}

// login speaks SSH over conn, which it owns from here on.
func login(ctx, inner context.Context, conn net.Conn, to Endpoint, o Options) (*Client, error) {
	live := newLiveConn(conn)
	attempt, err := newAttempt(inner, to, o)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	defer attempt.close()
	sshConn, chans, reqs, err := shake(inner, live, to.Address, attempt.config())
	if err != nil {
		go func() { _ = live.Close() }()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if inner.Err() != nil {
			return nil, &UnreachableError{Name: to.Name, Address: to.Address, Err: context.Cause(inner)}
		}
		return nil, attempt.explain(err)
	}
	c := &Client{
		ssh: ssh.NewClient(sshConn, chans, reqs), conn: live, name: to.Name, done: make(chan struct{}),
	}
	if err := attempt.pin(ctx); err != nil {
		return nil, errors.Join(err, c.ssh.Close())
	}
	c.wg.Go(c.watch)
	c.wg.Go(func() { c.keepAlive(o.keepAlive(), o.idleTimeout()) })
	return c, nil
}

// shake is the handshake, bounded by ctx. Not every net.Conn has deadlines
// (a channel of another link has none), so the connection is closed at the
// end of ctx; and as closing a channel waits for the other side, the
// handshake is not waited for.
func shake(ctx context.Context, conn net.Conn, address string, cfg *ssh.ClientConfig) (
	ssh.Conn, <-chan ssh.NewChannel, <-chan *ssh.Request, error,
) {
	type result struct {
		conn  ssh.Conn
		chans <-chan ssh.NewChannel
		reqs  <-chan *ssh.Request
		err   error
	}
	got := make(chan result, 1)
	go func() {
		var r result
		r.conn, r.chans, r.reqs, r.err = ssh.NewClientConn(conn, address, cfg)
		got <- r
	}()
	select {
	case r := <-got:
		return r.conn, r.chans, r.reqs, r.err
	case <-ctx.Done():
		go func() {
			_ = conn.Close()
			<-got
		}()
		return nil, nil, nil, context.Cause(ctx)
	}
}

// watch waits for the end of the connection and tells everybody.
func (c *Client) watch() {
	err := c.ssh.Wait()
	c.fail(err)
	close(c.done)
}

func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why == nil {
		c.why = err
	}
}

// Done is closed when the link is gone.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is a *LostError once the link is gone, and nil before.
func (c *Client) Err() error {
	select {
	case <-c.done:
	default:
		return nil
	}
	return c.lost()
}

func (c *Client) lost() *LostError {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &LostError{Name: c.name, Err: c.why}
}

// Close ends the link and everything that runs over it.
func (c *Client) Close() error {
	c.fail(net.ErrClosed)
	err := c.ssh.Close()
	// Within another link the close must be answered, which a dead one
	// does not; its own end brings ours then.
	if ended(c.done, time.Second) {
		c.wg.Wait()
	}
	if errors.Is(err, net.ErrClosed) {
		return nil // it had ended by itself
	}
	return err
}

// User is the login's name.
func (c *Client) User() string { return c.ssh.User() }

// ServerVersion is what the server says it is: "SSH-2.0-OpenSSH_9.9 ...".
func (c *Client) ServerVersion() string { return string(c.ssh.ServerVersion()) }

// OpenChannel opens a channel of any type, for who relays channels one to
// one. A refusal by the server is a *RefusedError.
func (c *Client) OpenChannel(ctx context.Context, kind string, extra []byte) (ssh.Channel, <-chan *ssh.Request, error) {
	type opened struct {
		ch   ssh.Channel
		reqs <-chan *ssh.Request
		err  error
	}
	got := make(chan opened, 1)
	go func() {
		ch, reqs, err := c.ssh.OpenChannel(kind, extra)
		got <- opened{ch, reqs, err}
	}()
	select {
	case o := <-got:
		return o.ch, o.reqs, c.explainOpen(kind, o.err)
	case <-ctx.Done():
		go func() { // nobody wants it any more
			if o := <-got; o.err == nil {
				go ssh.DiscardRequests(o.reqs)
				_ = o.ch.Close()
			}
		}()
		return nil, nil, context.Cause(ctx)
	}
}

func (c *Client) explainOpen(kind string, err error) error {
	if err == nil {
		return nil
	}
	if refused, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
		return &RefusedError{
			Name: c.name, Kind: kind, Prohibited: refused.Reason == ssh.Prohibited, Err: err,
		}
	}
	if ended(c.done, settle) {
		return c.lost()
	}
	return fmt.Errorf("open a %s channel to %s: %w", kind, c.name, err)
}
