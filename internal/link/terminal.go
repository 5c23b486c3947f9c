package link

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/term"
)

// Terminal is the local terminal, for a command with a PTY.
type Terminal struct {
	in, out int
	old     *term.State // nil where its mode was not changed
	restore func()      // what else the system needs undone
	name    string

	resize chan Size
	stop   chan struct{}
	wg     sync.WaitGroup
	once   sync.Once
	err    error
}

// ErrNoTerminal says that a stream is no terminal.
var ErrNoTerminal = errors.New("not a terminal")

// Raw puts the terminal of in into raw mode; Close puts it back and must be
// reached on every path out. out is where the output goes, the terminal or
// something else. termName is the value of TERM. In the background it stops
// the process, as it does any other (tcsetattr(3)).
func Raw(in, out *os.File, termName string) (*Terminal, error) {
	return open(in, out, termName, term.MakeRaw)
}

// Unchanged is Raw for a command that gets no standard input: nobody would
// read what is typed at a raw terminal, Ctrl-C included. The terminal keeps its
// mode, and its signals come to this process.
func Unchanged(in, out *os.File, termName string) (*Terminal, error) {
	return open(in, out, termName, func(int) (*term.State, error) { return nil, nil }) //nolint:nilnil // there is nothing to restore
}

func open(in, out *os.File, termName string, mode func(fd int) (*term.State, error)) (*Terminal, error) {
	t := &Terminal{
		in: int(in.Fd()), out: int(out.Fd()), name: termName, restore: func() {},
		resize: make(chan Size, 1), stop: make(chan struct{}),
	}
	if !term.IsTerminal(t.in) {
		return nil, ErrNoTerminal
	}
	var err error
	if t.old, err = mode(t.in); err != nil {
		return nil, fmt.Errorf("terminal: raw mode: %w", err)
	}
	if term.IsTerminal(t.out) {
		t.restore = prepareOutput(t.out)
	} else {
		t.out = t.in
	}
	t.wg.Go(t.follow)
	return t, nil
}

// PTY is what to ask for at the other end.
func (t *Terminal) PTY() *PTY {
	size, err := t.size()
	if err != nil {
		size = Size{80, 24}
	}
	name := t.name
	if name == "" {
		name = "xterm"
	}
	return &PTY{Term: name, Size: size, Resize: t.resize}
}

func (t *Terminal) size() (Size, error) {
	columns, rows, err := term.GetSize(t.out)
	return Size{columns, rows}, err
}

// tell hands on the newest size; one that nobody took is overwritten.
func (t *Terminal) tell() {
	size, err := t.size()
	if err != nil {
		return
	}
	select {
	case <-t.resize:
	default:
	}
	t.resize <- size
}

// Close restores the terminal. It may be called more than once.
func (t *Terminal) Close() error {
	t.once.Do(func() {
		close(t.stop)
		t.wg.Wait()
		t.restore()
		if t.old == nil {
			return
		}
		if err := term.Restore(t.in, t.old); err != nil {
			t.err = fmt.Errorf("terminal: restore: %w", err)
		}
	})
	return t.err
}
