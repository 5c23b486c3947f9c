package mount

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/sftpserver"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// mountedScript is the beginning of both scripts for a guest.
//
//go:embed mounted.sh
var mountedScript string

//go:embed guest.sh
var guestScript string

// Options are how a folder is served to one guest.
type Options struct {
	// Root is what runs a program as root where the login is not root's: the
	// first words of its command, as in "sudo -n".
	Root []string
	// Ready is told once, when the guest sees the folder; it may be nil.
	Ready func()
	// Moved is told once what had to be moved aside in the guest, in one
	// sentence; it may be nil.
	Moved func(text string)
	// Warn is told what Copy leaves out and why, each name once; it may be nil.
	Warn func(name string, err error)
	// Flush brings channels that Copy closes when the guest has all that had
	// happened in the folder before; it may be nil.
	Flush <-chan chan<- struct{}
}

// endScript tells a run of guestScript that the mount is to go with it.
const endScript = `
id=$(printf '%s' "$1" | cksum | tr ' ' -)
[ -d "$state" ] && : >"$state/$id.end"
`

// ErrStays ends Serve, as the cause of its context, and leaves the mount in a
// guest where it can be served again: another agent goes on with it.
var ErrStays = errors.New("the mount stays for another agent")

// errLingers is a guest whose sshfs goes on without anybody who answers it.
var errLingers = errors.New("the guest's sshfs did not end")

// Farewell is how long sshfs has to unmount after its input has ended: a guest
// that is emulated beside other load needs seconds.
const Farewell = 20 * time.Second

// Serve mounts a folder in the guest at the other end of client and serves
// it until ctx is done, which is no error, or until the link or the guest's
// sshfs ends. What an earlier run left mounted there is served again where
// the guest knows how to, and is unmounted first elsewhere.
func Serve(ctx context.Context, client *link.Client, f Folder, o Options) error {
	s, err := sftpserver.Open(sftpserver.Options{
		Dir: f.Dir(), ReadOnly: f.ReadOnly, Private: f.Private, GuestLink: f.guestLink, HostLink: f.hostLink,
	})
	if err != nil {
		return &FolderError{Folder: f.Source, Err: err}
	}
	defer s.Close()
	if err := f.Unmoved(); err != nil {
		return err
	}
	in, out := sftpserver.NewQueue(), sftpserver.NewQueue()
	running, hangUp := context.WithCancelCause(context.WithoutCancel(ctx))
	defer hangUp(nil)
	served := make(chan error, 1)
	go func() {
		err := s.Serve(in, out)
		// sshfs unmounts and ends when its input does. What it asks until then
		// is read: a pipe that breaks would end the script in the guest before it
		// has unmounted.
		served <- errors.Join(err, out.Close())
		timer := time.AfterFunc(Farewell, func() { hangUp(cmp.Or(err, errLingers)) })
		defer timer.Stop()
		_, _ = io.Copy(io.Discard, in) // until it is closed
	}()
	guest := &guestWords{ready: o.Ready, moved: o.Moved}
	access := "rw"
	if f.ReadOnly {
		access = "ro"
	}
	args := []string{"sh", "-c", mountedScript + guestScript, "fbdock-mount", f.Target, access}
	args = append(slices.Clone(o.Root), args...)
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(Farewell, func() { hangUp(context.Cause(ctx)) })
		context.AfterFunc(running, func() { timer.Stop() })
		if guest.stays() && !errors.Is(context.Cause(ctx), ErrStays) {
			end := []string{"sh", "-c", mountedScript + endScript, "fbdock-mount-end", f.Target}
			_, _ = client.Run(running, link.Command{Args: append(slices.Clone(o.Root), end...)}) // else the link is lost
		}
		_ = out.Close() // never fails
	})
	defer stop()
	code, err := client.Run(running, link.Command{Args: args, Stdin: out, Stdout: in, Stderr: guest})
	_, _ = in.Close(), out.Close() // never fail
	serveErr := <-served
	if ctx.Err() != nil {
		return nil
	}
	return outcome(f, guest, code, err, serveErr)
}

// outcome says why a mount ended that nobody ended.
func outcome(f Folder, guest *guestWords, code int, runErr, serveErr error) error {
	if runErr != nil {
		return fmt.Errorf("mount %s: %w", f.Source, runErr)
	}
	if serveErr != nil && !errors.Is(serveErr, io.ErrClosedPipe) {
		return fmt.Errorf("mount %s: %w", f.Source, serveErr)
	}
	return guest.failure(f.Target, code)
}

// maxWords is how much of a line is kept that the guest's script says.
const maxWords = 4 << 10

// guestWords reads what the guest's script and sshfs say.
type guestWords struct {
	mu     sync.Mutex
	ready  func()
	moved  func(text string)
	lines  untrusted.Lines
	kind   string
	reason string
	last   string // of what sshfs said
	kept   bool   // the mount outlives the run
}

func (g *guestWords) stays() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept
}

func (g *guestWords) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines.Max, g.lines.Each = maxWords, g.hear
	return g.lines.Write(p)
}

func (g *guestWords) hear(l untrusted.Line) error {
	line := strings.TrimSpace(l.Text)
	word, ours := strings.CutPrefix(line, "fbdock-mount ")
	switch {
	case !ours && line != "":
		g.last = line
	case word == "stays":
		g.kept = true
	case word == "ready" && g.ready != nil:
		g.ready()
		g.ready = nil
	default:
		if moved, ok := strings.CutPrefix(word, "moved "); ok && g.moved != nil {
			g.moved(untrusted.Printable(moved))
			g.moved = nil // once: a guest does not fill the log
		}
		if fail, ok := strings.CutPrefix(word, "fail "); ok {
			g.kind, g.reason, _ = strings.Cut(fail, " ")
		}
	}
	return nil
}

func (g *guestWords) failure(target string, code int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := &GuestError{Target: target, Kind: g.kind, Words: g.reason}
	switch {
	case e.Kind == "" && strings.HasPrefix(g.last, "sudo:"), e.Kind == "" && strings.HasPrefix(g.last, "doas:"):
		e.Kind, e.Words = Denied, g.last
	case e.Kind == "" && code == 0:
		e.Kind, e.Words = Failed, "it was unmounted there"
	case e.Kind == "":
		e.Kind, e.Words = Failed, fmt.Sprintf("status %d: %s", code, g.last)
	case e.Kind == Failed && g.last != "":
		e.Words += ": " + g.last
	}
	return e
}
