package link

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// grace is how long a command may take to end after an interrupt.
const grace = 3 * time.Second

// Run runs a command to its end and gives its exit status as it is; one that
// a signal killed has 128 and the signal's number. err is nil then. When the
// link drops, or the session ends without a status, err is a *LostError; when
// the server opens no session, a *RefusedError. A done ctx interrupts the
// command, waits a little and hangs up; err is the context's cause.
func (c *Client) Run(ctx context.Context, cmd Command) (status int, err error) {
	pid := newPIDFinder(&cmd)
	line, err := cmd.line(pid.mark)
	if err != nil {
		return -1, err
	}
	s, err := c.openSession(ctx)
	if err != nil {
		return -1, err
	}
	defer s.close()
	s.pid = pid
	if err := s.start(ctx, &cmd, line); err != nil {
		return -1, err
	}
	if s.terminal = cmd.PTY != nil; cmd.Stdin != nil || !s.terminal { // a terminal has no end, and signals may be typed there
		s.feed(cmd.Stdin)
	}
	s.copy(cmd.Stdout, pid)
	return s.wait(ctx, &cmd)
}

// session is one command in flight.
type session struct {
	client *Client
	ch     ssh.Channel
	ended  chan struct{} // the server has told all about the end
	exit   exit

	pid      *pidFinder
	terminal bool
	output   sync.WaitGroup
	broken   chan error // the first local stream that failed
}

// exit is how the command ended.
type exit struct {
	known  bool
	status int
}

func (c *Client) openSession(ctx context.Context) (*session, error) {
	ch, reqs, err := c.OpenChannel(ctx, "session", nil)
	if err != nil {
		return nil, err
	}
	s := &session{client: c, ch: ch, ended: make(chan struct{}), broken: make(chan error, 3)}
	go s.listen(reqs)
	return s, nil
}

// listen takes the server's word on how the command ended.
func (s *session) listen(reqs <-chan *ssh.Request) {
	defer close(s.ended)
	for req := range reqs {
		switch req.Type {
		case "exit-status":
			var msg struct{ Status uint32 }
			if ssh.Unmarshal(req.Payload, &msg) == nil {
				s.exit = exit{known: true, status: int(msg.Status)}
			}
		case "exit-signal":
			var msg struct {
				Signal  string
				Core    bool
				Message string
				Lang    string
			}
			if ssh.Unmarshal(req.Payload, &msg) == nil {
				s.exit = exit{known: true, status: Signal(msg.Signal).Status()}
			}
		}
		if req.WantReply {
			_ = req.Reply(false, nil)
		}
	}
}

// start asks for the command; a server that does not answer must not keep
// a cancelled caller.
func (s *session) start(ctx context.Context, cmd *Command, line string) error {
	started := make(chan error, 1)
	go func() { started <- s.ask(cmd, line) }()
	select {
	case err := <-started:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *session) ask(cmd *Command, line string) error {
	if cmd.PTY != nil {
		if err := s.request("pty-req", ptyRequest(cmd.PTY)); err != nil {
			return err
		}
	}
	if cmd.Shell {
		return s.request("shell", nil)
	}
	return s.request("exec", ssh.Marshal(&struct{ Command string }{line}))
}

func (s *session) request(kind string, payload []byte) error {
	ok, err := s.ch.SendRequest(kind, true, payload)
	switch {
	case err != nil:
		return s.client.sessionLost(err)
	case !ok:
		return fmt.Errorf("%s refuses %s", s.client.name, kind)
	}
	return nil
}

// settle is how long after its channels a link may be known to be gone.
const settle = 100 * time.Millisecond

// sessionLost tells a dropped link from a session that ended alone.
func (c *Client) sessionLost(err error) *LostError {
	if ended(c.done, settle) {
		return c.lost()
	}
	return &LostError{Name: c.name, Err: err}
}

func (s *session) fail(err error) {
	select {
	case s.broken <- err:
	default:
	}
}

// wait passes on signals and sizes until the command has ended and its
// output is here.
func (s *session) wait(ctx context.Context, cmd *Command) (int, error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.output.Wait()
		<-s.ended
	}()
	var resize <-chan Size
	if cmd.PTY != nil {
		resize = cmd.PTY.Resize
	}
	signals := cmd.Signals
	for {
		select {
		case <-done:
			return s.result()
		case sig, ok := <-signals:
			if !ok {
				signals = nil
				continue
			}
			s.signal(ctx, sig)
		case size, ok := <-resize:
			if !ok {
				resize = nil
				continue
			}
			_, _ = s.ch.SendRequest("window-change", false, windowChange(size))
		case err := <-s.broken:
			// As for a local program whose pipe broke.
			s.stop(ctx, done, SIGPIPE)
			return -1, err
		case <-ctx.Done():
			s.stop(ctx, done, SIGINT)
			return -1, context.Cause(ctx)
		}
	}
}

// stop asks the command to end, and hangs up when it does not. After it
// nothing more is written to the command's streams, unless one hangs.
func (s *session) stop(ctx context.Context, done <-chan struct{}, sig Signal) {
	s.signal(ctx, sig)
	if ended(done, grace) {
		return
	}
	// A closed session carries no signal any more.
	ended(s.signal(ctx, SIGHUP), time.Second)
	s.close()
	ended(done, time.Second)
}

func ended(done <-chan struct{}, within time.Duration) bool {
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

func (s *session) result() (int, error) {
	if s.exit.known {
		// A stream that broke at the very end still counts.
		select {
		case err := <-s.broken:
			return -1, err
		default:
			return s.exit.status, nil
		}
	}
	return -1, s.client.sessionLost(errors.New("the command ended without a status"))
}

func (s *session) close() { _ = s.ch.Close() }

// modes says that the terminal's input is UTF-8, so that erasing takes
// whole characters (RFC 8160); the rest is the server's default.
const modes = "\x2a\x00\x00\x00\x01\x00"

func ptyRequest(p *PTY) []byte {
	return ssh.Marshal(&struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}{p.Term, uint32(p.Size.Columns), uint32(p.Size.Rows), 0, 0, modes})
}

func windowChange(s Size) []byte {
	return ssh.Marshal(&struct{ Columns, Rows, Width, Height uint32 }{uint32(s.Columns), uint32(s.Rows), 0, 0})
}
