package link

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
)

// Signal is a signal by its name in RFC 4254, without SIG.
type Signal string

// The signals that are passed on.
const (
	SIGHUP  Signal = "HUP"
	SIGINT  Signal = "INT"
	SIGQUIT Signal = "QUIT"
	SIGKILL Signal = "KILL"
	SIGPIPE Signal = "PIPE"
	SIGTERM Signal = "TERM"
	SIGUSR1 Signal = "USR1"
	SIGUSR2 Signal = "USR2"
)

// Status is the exit status that a shell gives to a command that the
// signal killed.
func (s Signal) Status() int {
	switch s {
	case SIGHUP:
		return 128 + 1
	case SIGINT:
		return 128 + 2
	case SIGQUIT:
		return 128 + 3
	case "ILL":
		return 128 + 4
	case "ABRT":
		return 128 + 6
	case "FPE":
		return 128 + 8
	case SIGKILL:
		return 128 + 9
	case "SEGV":
		return 128 + 11
	case SIGPIPE:
		return 128 + 13
	case "ALRM":
		return 128 + 14
	case SIGTERM:
		return 128 + 15
	default:
		// Numbers differ between systems (USR1 is 10 or 30), and a name
		// may be one of the server's own.
		return 128
	}
}

// key is the character for which a terminal sends a signal by default
// (termios(4), VINTR and VQUIT).
func (s Signal) key() string {
	switch s {
	case SIGINT:
		return "\x03"
	case SIGQUIT:
		return "\x1c"
	}
	return ""
}

// signal passes a signal on. OpenSSH's sshd refuses the request for root's
// sessions ("session signalling requires privilege separation"), so the
// answer is asked for, and a refusal is made up for by the terminal of the
// command, or without one by a kill over a second session. What it gives is
// closed when the guest has been told, as far as it could be.
func (s *session) signal(ctx context.Context, sig Signal) <-chan struct{} {
	told := make(chan struct{})
	go func() {
		defer close(told)
		ok, err := s.ch.SendRequest("signal", true, ssh.Marshal(&struct{ Signal string }{string(sig)}))
		if key := sig.key(); !ok && err == nil && s.terminal && key != "" {
			_, _ = io.WriteString(s.ch, key)
			return
		}
		if ok || err != nil || s.pid.mark == "" || !IsVariable(string(sig)) {
			return
		}
		select {
		case <-s.pid.found:
		case <-s.ended:
			return
		}
		pid := s.pid.pid
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		// sshd makes each command the leader of a process group.
		_, _ = s.client.Run(ctx, Command{
			Script: fmt.Sprintf("kill -%s -- -%d || kill -%s %d", sig, pid, sig, pid), unmarked: true,
		})
	}()
	return told
}

// pidFinder learns the process id of a command from the line with a random
// mark that it writes first to standard error, and takes that line away.
type pidFinder struct {
	mark  string
	found chan struct{} // closed when pid is known
	pid   int64
	to    io.Writer
	head  []byte
	seen  bool
}

// maxHead is how much the login shell's own files may print before the mark.
const maxHead = 64 << 10

func newPIDFinder(cmd *Command) *pidFinder {
	p := &pidFinder{seen: true, to: cmd.Stderr, found: make(chan struct{})}
	if p.to == nil {
		p.to = io.Discard
	}
	// A terminal has its own way to signal, and one stream for all.
	if cmd.PTY == nil && !cmd.unmarked && (len(cmd.Args) > 0 || cmd.Script != "") {
		p.mark, p.seen = "fbdock-pid-"+rand.Text(), false
	}
	return p
}

func (p *pidFinder) Write(b []byte) (int, error) {
	if p.seen {
		return p.to.Write(b)
	}
	p.head = append(p.head, b...)
	before, after, ok := bytes.Cut(p.head, []byte(p.mark))
	if ok {
		var line []byte
		if line, after, ok = bytes.Cut(after, []byte("\n")); ok {
			if _, err := fmt.Sscan(string(line), &p.pid); err == nil && p.pid > 1 {
				close(p.found)
			}
			p.head = slices.Concat(before, after)
		}
	}
	if !ok && len(p.head) < maxHead {
		return len(b), nil
	}
	p.seen = true
	return len(b), p.flush()
}

// flush hands on what was kept back.
func (p *pidFinder) flush() error {
	head := p.head
	p.head = nil
	if len(head) == 0 {
		return nil
	}
	_, err := p.to.Write(head)
	return err
}
