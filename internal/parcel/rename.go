package parcel

import (
	"bytes"
	"io"
)

// Renamer writes on what it is given, with some texts replaced by others: the
// paths of a parcel by those of this host. Close writes the rest, and closes
// nothing.
type Renamer struct {
	W io.Writer
	// Names are pairs: a text that is not empty, and what it is replaced by.
	// Of two that begin alike the first one counts.
	Names [][2]string

	held []byte
}

// Write implements io.Writer.
func (r *Renamer) Write(p []byte) (int, error) {
	r.held = append(r.held, p...)
	if err := r.flush(false); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes what was held back.
func (r *Renamer) Close() error { return r.flush(true) }

// flush writes all but an end that may be the beginning of a text.
func (r *Renamer) flush(all bool) error {
	var out []byte
	rest := r.held
next:
	for len(rest) > 0 {
		for _, name := range r.Names {
			from := []byte(name[0])
			if bytes.HasPrefix(rest, from) {
				out, rest = append(out, name[1]...), rest[len(from):]
				continue next
			}
			if !all && len(rest) < len(from) && bytes.HasPrefix(from, rest) {
				break next
			}
		}
		out, rest = append(out, rest[0]), rest[1:]
	}
	r.held = append(r.held[:0], rest...)
	if len(out) == 0 {
		return nil
	}
	_, err := r.W.Write(out)
	return err
}
