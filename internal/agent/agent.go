// Package agent is the background process of one machine. It keeps the link
// to the guests, reconnects, and offers it to this user's programs: as an SSH
// server whose channels and requests are relayed one to one, as sockets of
// the Docker API, which podman of FreeBSD speaks too, as the published ports of containers, and as folders of the
// host in the guests. It never reads the configuration, never starts programs and never prints; how to log in to a
// guest is told to it.
package agent

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent/ports"
	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/retry"
)

// Guests is how the machine's guests are reached.
type Guests interface {
	// FreeBSD logs in to the guest; fresh says that what is known of its
	// address led nowhere, so that Vagrant has to be asked.
	FreeBSD(ctx context.Context, fresh bool) (*link.Client, error)
	// EngineInside logs in to an engine in FreeBSD, through a login there.
	EngineInside(ctx context.Context, through *link.Client) (*link.Client, error)
	// EngineBeside logs in to an engine beside FreeBSD by its own address.
	EngineBeside(ctx context.Context, fresh bool) (*link.Client, error)
	// Gone tells whether FreeBSD runs no more. It is false where that is not
	// known.
	Gone(ctx context.Context) bool
	// Root is what runs a program as root in FreeBSD for a login of user,
	// none where that is root already.
	Root(user string) ([]string, error)
}

// Options are what an agent serves.
type Options struct {
	// Identity changes with all that a running agent cannot take over: the
	// build of fbdock. It shows in the banner of its server.
	Identity string
	// Settings are what it serves until Reload gives others.
	Settings Settings
	// Reload reads the settings that `up` has written down; nil is for an
	// agent that keeps its own.
	Reload func() (Settings, error)
	// Socket, Docker and Podman are addresses, as package localsocket gives
	// them; the latter two may be "".
	Socket, Docker, Podman string
	// Lock is a file, held while the agent serves.
	Lock    string
	HostKey ssh.Signer
	Guests  Guests
	// Sibling tells that the engine is a VM beside FreeBSD. What is the engine's
	// then goes over a connection of its own: FreeBSD may be down.
	Sibling bool
	// Reverse are FreeBSD's ways to an engine beside it that it has no network to.
	Reverse []Reverse
	// TLS is the way to speak with the Docker API.
	TLS func() (*tls.Config, error)
	Log *slog.Logger
}

// ErrGone is the end of an agent whose machine runs no more.
var ErrGone = uplink.ErrGone

// ErrServed says that another agent serves the machine.
var ErrServed = errors.New("another agent serves this machine")

// errStopped is the end that was asked for.
var errStopped = errors.New("stopped")

// errRetired is the end of an agent that makes room for another: the mounts stay.
var errRetired = fmt.Errorf("another agent takes over: %w", mount.ErrStays)

// Agent serves one machine.
type Agent struct {
	o       Options
	set     atomic.Pointer[Settings]
	reload  sync.Mutex // held while settings change
	began   time.Time
	freebsd *uplink.Uplink
	engine  engineLink
	ports   *ports.Forwards
	mounts  *mounts
	bridges *bridges
	reverse []*reverse

	retire context.CancelCauseFunc // no new connections; errRetired
	stop   context.CancelCauseFunc

	conns  sync.WaitGroup
	count  counter
	clocks clocks
}

// engineLink is the connection to the engine: its own, or one through FreeBSD's.
type engineLink interface {
	// Keep has it made, and ends it with ctx.
	Keep(ctx context.Context) error
	Get(ctx context.Context) (*uplink.Session, error)
	// Current is the connection that there is, nil for none.
	Current() *uplink.Session
}

// Run serves until ctx ends, somebody asks it to stop, or the machine is
// gone; the latter is ErrGone.
func Run(ctx context.Context, o Options) (err error) {
	lock := privatefile.Lock(o.Lock)
	if err := take(ctx, lock); err != nil {
		return err
	}
	life, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	serving, retire := context.WithCancelCause(life)
	defer retire(nil)
	a := &Agent{o: o, began: time.Now(), retire: retire, stop: stop}
	a.set.Store(&o.Settings)
	a.link()
	a.ports = ports.New(a.forwarding())
	a.mounts = newMounts(a)
	a.reverse = newReverses(a)
	a.bridges = newBridges(func(ctx context.Context) (*link.Client, error) { return o.Guests.FreeBSD(ctx, false) })

	listeners, err := a.listen(life)
	if err != nil {
		return errors.Join(err, lock.Unlock())
	}
	o.Log.Info("serving", "pid", os.Getpid(), "identity", o.Identity, "socket", o.Socket)
	end := a.keepLinks(serving, life)
	a.serve(serving, life, listeners)
	// The sockets are closed: the next agent may have them.
	err = lock.Unlock()
	a.conns.Wait()
	stop(errStopped)
	end()
	if cause := context.Cause(life); !errors.Is(cause, errStopped) {
		err = errors.Join(err, cause)
	}
	return err
}

// keepLinks keeps the link and the mounts over it. The mounts end with
// serving, for the next agent to have them; end returns when all has ended,
// the link last.
func (a *Agent) keepLinks(serving, life context.Context) (end func()) {
	linked, cut := context.WithCancelCause(context.WithoutCancel(life))
	unmounted := make(chan struct{})
	go func() {
		defer close(unmounted)
		a.mounts.run(serving)
	}()
	var links sync.WaitGroup
	links.Go(func() {
		if err := a.freebsd.Keep(linked); err != nil {
			a.stop(err)
		}
	})
	links.Go(func() {
		if err := a.engine.Keep(linked); err != nil {
			a.stop(err)
		}
	})
	links.Go(func() { a.watchClock(life) })
	links.Go(func() { a.mounts.points.run(serving) })
	links.Go(func() { a.startWaiting(serving) })
	return func() {
		within(unmounted, mountsEnd)
		cut(errStopped)
		a.bridges.close()
		<-unmounted
		links.Wait()
	}
}

// take waits a little: an agent that retires lets go of the lock at once.
func take(ctx context.Context, lock *flock.Flock) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	ok, err := lock.TryLockContext(ctx, 20*time.Millisecond)
	if ok {
		return nil
	}
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		return ErrServed
	}
	return fmt.Errorf("lock the agent: %w", err)
}

// service is a socket and what is done with each of its connections.
type service struct {
	net.Listener
	handle func(context.Context, net.Conn)
}

func (a *Agent) listen(ctx context.Context) ([]service, error) {
	var services []service
	for _, s := range []struct {
		address string
		handle  func(context.Context, net.Conn)
	}{
		{a.o.Socket, a.handleSSH},
		{a.o.Docker, a.joining("docker", a.dialDocker)},
		{a.o.Podman, a.joining("podman", a.dialPodman)},
	} {
		if s.address == "" {
			continue
		}
		l, err := localsocket.Listen(ctx, s.address)
		if err != nil {
			err = fmt.Errorf("listen on %s: %w", s.address, err)
			for _, open := range services {
				err = errors.Join(err, open.Close())
			}
			return nil, err
		}
		services = append(services, service{l, s.handle})
	}
	return services, nil
}

// serve accepts connections until ctx ends; what is open then goes on until
// it ends by itself, or life does.
func (a *Agent) serve(ctx, life context.Context, services []service) {
	var wg sync.WaitGroup
	for _, s := range services {
		stop := context.AfterFunc(ctx, func() { _ = s.Close() })
		defer stop()
		wg.Go(func() { a.accept(ctx, life, s) })
	}
	wg.Go(func() { a.ports.Run(ctx, life) })
	for _, r := range a.reverse {
		wg.Go(func() { r.run(ctx, life) })
	}
	wg.Wait()
}

func (a *Agent) accept(ctx, life context.Context, s service) {
	for ctx.Err() == nil {
		conn, err := s.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
				return
			}
			// Out of descriptors: some will be free again.
			a.o.Log.Warn("accept", "error", err)
			_ = retry.Sleep(ctx, 100*time.Millisecond)
			continue
		}
		a.conns.Go(func() {
			defer a.count.enter()()
			stop := context.AfterFunc(life, func() { _ = conn.Close() })
			defer stop()
			s.handle(life, conn)
		})
	}
}
