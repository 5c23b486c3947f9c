package redact

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// maxHeld is the most of a line that is held back until its end comes.
const maxHeld = 64 << 10

// Writer hands text on with the secrets taken out. A line is handed on when
// it has ended, so that no URL is cut in two. It may be used by many
// goroutines at once.
type Writer struct {
	to io.Writer

	mu   sync.Mutex
	held []byte
}

// NewWriter is a Writer that hands on to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	end := bytes.LastIndexByte(p, '\n') + 1
	if end > 0 {
		end += len(w.held)
	}
	w.held = append(w.held, p...)
	if end == 0 && len(w.held) > maxHeld {
		// A line without an end: cut it where no URL is.
		if end = bytes.LastIndexAny(w.held, " \t\r") + 1; end == 0 {
			end = len(w.held)
		}
	}
	if end == 0 {
		return len(p), nil
	}
	_, err := io.WriteString(w.to, Text(string(w.held[:end])))
	w.held = append(w.held[:0], w.held[end:]...)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close hands on the last line, which has no end. What it was given to write
// to stays open.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := Text(string(w.held))
	w.held = nil
	if rest == "" {
		return nil
	}
	_, err := io.Copy(w.to, strings.NewReader(rest))
	return err
}
