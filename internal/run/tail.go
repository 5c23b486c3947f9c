package run

// tail keeps the last limit bytes written to it. It is used by the one
// goroutine that os/exec copies a stream with.
type tail struct {
	limit int
	buf   []byte
	lost  bool
}

func (t *tail) Write(p []byte) (int, error) {
	n := len(p)
	t.buf = append(t.buf, p...)
	// Cutting only at twice the limit keeps the copying linear.
	if len(t.buf) > 2*t.limit {
		t.cut()
	}
	return n, nil
}

func (t *tail) cut() {
	if len(t.buf) > t.limit {
		t.lost = true
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-t.limit:]...)
	}
}

func (t *tail) bytes() []byte {
	t.cut()
	return t.buf
}
