package untrusted

import (
	"errors"
	"io"
)

// Reader reads at most so many bytes; one more is a *TooLargeError. Reaching
// the limit exactly is no error.
type Reader struct {
	from  io.Reader
	what  string
	limit int64
	left  int64
}

// NewReader limits what is read from a stream. The error names what it is.
func NewReader(from io.Reader, what string, limit int64) *Reader {
	return &Reader{from: from, what: what, limit: limit, left: limit}
}

// Renew lets the whole limit be read again from here on, for a stream of
// parts that are limited each.
func (r *Reader) Renew() { r.left = r.limit }

func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.left <= 0 {
		var more [1]byte
		n, err := r.from.Read(more[:])
		if n > 0 {
			return 0, &TooLargeError{What: r.what, Limit: r.limit}
		}
		return 0, err
	}
	n, err := r.from.Read(p[:min(int64(len(p)), r.left)])
	r.left -= int64(n)
	return n, err
}

// Buffer collects what is written. A write that goes beyond Limit fails with
// a *TooLargeError, which ends who writes, and nothing of it is kept. It is
// for answers that are of no use in part.
type Buffer struct {
	What  string
	Limit int

	data []byte
}

func (b *Buffer) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > b.Limit {
		return 0, &TooLargeError{What: b.What, Limit: int64(b.Limit)}
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

func (b *Buffer) String() string { return string(b.data) }

// Tail keeps the last Limit bytes of what is written and never fails. It is
// for what a program says before it fails.
type Tail struct {
	Limit int

	data []byte
	lost bool
}

func (t *Tail) Write(p []byte) (int, error) {
	n := len(p)
	if len(p) > t.Limit {
		t.lost = true
		p = p[len(p)-t.Limit:]
	}
	t.data = append(t.data, p...)
	// Cutting only at twice the limit keeps the copying linear.
	if len(t.data) > 2*t.Limit {
		t.cut()
	}
	return n, nil
}

func (t *Tail) cut() {
	if len(t.data) > t.Limit {
		t.lost = true
		t.data = append(t.data[:0], t.data[len(t.data)-t.Limit:]...)
	}
}

// Bytes are what was kept.
func (t *Tail) Bytes() []byte {
	t.cut()
	return t.data
}

func (t *Tail) String() string { return string(t.Bytes()) }

// Lost tells whether more was written than is kept.
func (t *Tail) Lost() bool {
	t.cut()
	return t.lost
}

// IsTooLarge tells whether err is, or comes from, a *TooLargeError.
func IsTooLarge(err error) bool {
	_, ok := errors.AsType[*TooLargeError](err)
	return ok
}
