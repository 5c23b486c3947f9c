package foldercopy

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/untrusted"
)

const (
	// maxNote bounds a line of the guest's list: a name and a link's text have
	// PATH_MAX bytes at most, 4096, and quoting makes four of some.
	maxNote = 40 << 10
	// maxNotes bounds the whole list. It grows with every change until the
	// copy is begun again.
	maxNotes = 1 << 30
	// spareNotes and spareBytes are how many names, and bytes of them, the
	// guest may have beside twice those of the folder: what was removed here
	// while no copy was kept.
	spareNotes = 100_000
	spareBytes = 16 << 20
)

// note is a line of the guest's list of what it has.
func (e entry) note(name string) string {
	if !e.known {
		return fmt.Sprintf("? %q %d\n", name, e.mode.Type())
	}
	return fmt.Sprintf("+ %q %d %d %d %q\n", name, e.mode, e.size, e.mtime, e.link)
}

func noteGone(name string) string { return fmt.Sprintf("- %q\n", name) }

// notes reads the guest's list. What it holds of it is bounded by what the
// folder itself has.
type notes struct {
	scan  func() (map[string]entry, error) // of the folder
	have  map[string]entry
	lines int

	read, held int // bytes of the list, and of names and links in have
	// names and bytes are the most that may be held; they are known to be
	// more once the folder was looked at.
	names, bytes int
	looked       bool
}

func newNotes(scan func() (map[string]entry, error)) *notes {
	return &notes{scan: scan, have: map[string]entry{}, names: spareNotes, bytes: spareBytes}
}

// writer takes the list in.
func (n *notes) writer() io.Writer { return &untrusted.Lines{Max: maxNote, Each: n.take} }

// take reads a line. One that was not written to its end says nothing: what
// it was about is unknown by a line before, or was not begun.
func (n *notes) take(l untrusted.Line) error {
	n.lines++
	if n.read += len(l.Text) + 1; n.read > maxNotes {
		return &untrusted.TooLargeError{What: whatNotes, Limit: maxNotes}
	}
	if l.Open || l.Cut {
		return nil
	}
	sign, rest, _ := strings.Cut(l.Text, " ")
	name, rest, ok := unquote(rest)
	if !ok {
		return nil
	}
	if sign == "-" {
		n.drop(name)
	} else if e, ok := parseEntry(sign, rest); ok {
		n.set(name, e)
	}
	if len(n.have) > n.names || n.held > n.bytes {
		return n.look()
	}
	return nil
}

// unquote takes a quoted text off the beginning of a line.
func unquote(line string) (text, rest string, ok bool) {
	quoted, err := strconv.QuotedPrefix(line)
	if err != nil {
		return "", "", false
	}
	text, err = strconv.Unquote(quoted)
	return text, strings.TrimPrefix(line[len(quoted):], " "), err == nil
}

// parseEntry reads what follows the name.
func parseEntry(sign, text string) (e entry, ok bool) {
	e.known = sign == "+"
	if !e.known {
		_, err := fmt.Sscanf(text, "%d", &e.mode)
		return e, err == nil && sign == "?"
	}
	numbers, link, ok := strings.Cut(text, " \"")
	if !ok {
		return e, false
	}
	if _, err := fmt.Sscanf(numbers, "%d %d %d", &e.mode, &e.size, &e.mtime); err != nil {
		return e, false
	}
	e.link, _, ok = unquote(`"` + link)
	return e, ok
}

const whatNotes = "the guest's list of what it has"

func (n *notes) set(name string, e entry) {
	n.drop(name)
	n.have[name] = e
	n.held += len(name) + len(e.link)
}

func (n *notes) drop(name string) {
	if old, ok := n.have[name]; ok {
		n.held -= len(name) + len(old.link)
		delete(n.have, name)
	}
}

// look finds out how large the folder is, and whether the list is too large
// for it.
func (n *notes) look() error {
	if !n.looked {
		found, err := n.scan()
		if err != nil {
			return err
		}
		n.looked = true
		n.names += 2 * len(found)
		for name, e := range found {
			n.bytes += 2 * (len(name) + len(e.link))
		}
	}
	switch {
	case len(n.have) > n.names:
		return &untrusted.TooLargeError{What: whatNotes, Limit: int64(n.names), Unit: "names"}
	case n.held > n.bytes:
		return &untrusted.TooLargeError{What: whatNotes, Limit: int64(n.bytes)}
	}
	return nil
}
