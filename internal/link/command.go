package link

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fbdock/fbdock/internal/shellword"
)

// StatusNotStarted is the exit status of a command whose folder is not
// there; it is what docker uses for "failed before it ran".
const StatusNotStarted = 125

// Command is what Run runs. Exactly one of Args, Script and Shell says what.
type Command struct {
	// Args is a program and its arguments; each arrives byte for byte.
	Args []string
	// Script is run by the guest's sh, whatever the login shell is.
	Script string
	// Shell starts the login shell.
	Shell bool
	// Raw is sent as it is, for who relays the command of another.
	Raw string

	// Dir and Env ("NAME=value") hold for Args and Script.
	Dir string
	Env []string

	// Stdin nil is empty. Run returns when the command ends, even while a
	// read of Stdin hangs; that read's bytes are lost then.
	Stdin  io.Reader
	Stdout io.Writer // nil discards
	Stderr io.Writer // nil discards; unused with a PTY, which has one stream

	// Signals are passed on to the command as they come.
	Signals <-chan Signal
	PTY     *PTY

	unmarked bool // its process id is not needed
}

// PTY asks for a terminal at the other end.
type PTY struct {
	Term   string // value of TERM there
	Size   Size
	Resize <-chan Size // nil when the size never changes
}

// Size of a terminal in characters.
type Size struct{ Columns, Rows int }

// line is what the login shell is given. mark, when it is not "", is
// written to standard error with the process's id before anything else.
func (c *Command) line(mark string) (string, error) {
	forms := 0
	for _, used := range []bool{len(c.Args) > 0, c.Script != "", c.Shell, c.Raw != ""} {
		if used {
			forms++
		}
	}
	if forms != 1 {
		return "", errors.New("a command has exactly one of args, script, shell and raw")
	}
	if c.Shell || c.Raw != "" {
		return c.Raw, nil
	}
	script, err := c.preamble(mark)
	if err != nil {
		return "", err
	}
	if c.Script != "" {
		if strings.IndexByte(c.Script, 0) >= 0 {
			return "", ErrNUL
		}
		return wrap(script + c.Script), nil
	}
	words, err := Quote(c.Args)
	if err != nil {
		return "", err
	}
	// sh finds builtins before programs; exec runs the program, and the
	// signals reach it alone.
	return wrap(script + "exec " + words), nil
}

func (c *Command) preamble(mark string) (string, error) {
	var b strings.Builder
	if mark != "" {
		fmt.Fprintf(&b, "echo %s $$ >&2; ", mark)
	}
	if strings.IndexByte(c.Dir, 0) >= 0 {
		return "", fmt.Errorf("folder: %w", ErrNUL)
	}
	if c.Dir != "" {
		dir := c.Dir
		if dir[0] == '-' {
			dir = "./" + dir // `cd -` means another folder
		}
		fmt.Fprintf(&b, "cd %s || exit %d; ", shellword.Quote(dir), StatusNotStarted)
	}
	for _, pair := range c.Env {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || !IsVariable(name) {
			return "", fmt.Errorf("environment: %q is not NAME=value", pair)
		}
		if strings.IndexByte(value, 0) >= 0 {
			return "", fmt.Errorf("environment: %s: %w", name, ErrNUL)
		}
		fmt.Fprintf(&b, "export %s=%s; ", name, shellword.Quote(value))
	}
	return b.String(), nil
}

// IsVariable tells whether sh can set a variable of that name.
func IsVariable(s string) bool {
	for i := range len(s) {
		if c := s[i]; !letter(c) && c != '_' && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
