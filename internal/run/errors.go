package run

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/shellword"
)

// NotFoundError says that a program is not there, or is none.
type NotFoundError struct {
	Name string
	Err  error // wraps exec.ErrNotFound, fs.ErrNotExist or fs.ErrPermission
}

func (e *NotFoundError) Error() string { return fmt.Sprintf("program %s not found", e.Name) }

// Unwrap gives the reason of the operating system.
func (e *NotFoundError) Unwrap() error { return e.Err }

// ExitError says that a program ended with another status than 0, by a
// signal, or because it was interrupted.
type ExitError struct {
	Name   string
	Args   []string
	Status int    // -1 when a signal ended it
	Signal string // the operating system's words, "" without a signal
	// Stdout and Stderr are the tails of the output.
	Stdout, Stderr []byte
	// Cause is why it was interrupted, nil when it ended by itself.
	Cause error
}

func (e *ExitError) Error() string {
	var b strings.Builder
	b.WriteString(e.Name)
	if len(e.Args) > 0 {
		b.WriteString(" " + e.Args[0])
	}
	switch {
	case e.Cause != nil:
		fmt.Fprintf(&b, ": interrupted: %v", e.Cause)
	case e.Signal != "":
		b.WriteString(": " + e.Signal)
	default:
		fmt.Fprintf(&b, ": exit status %d", e.Status)
	}
	if line := lastLine(e.Stderr); line != "" {
		b.WriteString(": " + line)
	}
	return b.String()
}

// Unwrap lets errors.Is find context.Canceled and its like.
func (e *ExitError) Unwrap() error { return e.Cause }

// lastLine is the last line with text, cut to what fits into a message.
func lastLine(out []byte) string {
	const most = 300
	for len(out) > 0 {
		rest, line := []byte(nil), out
		if i := bytes.LastIndexByte(out, '\n'); i >= 0 {
			rest, line = out[:i], out[i+1:]
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if len(line) > most {
				line = append([]byte("..."), line[len(line)-most:]...)
			}
			return strings.ToValidUTF8(string(line), "?")
		}
		out = rest
	}
	return ""
}

// String writes the command as a person would type it, for display only.
func (c Cmd) String() string {
	words := append([]string{c.Name}, c.Args...)
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\n\"'\\$`*?[]{}()<>|&;#!~") {
			words[i] = shellword.Quote(w)
		}
	}
	return strings.Join(words, " ")
}
