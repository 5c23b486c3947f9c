package sftpserver

import (
	"io"
	"sync"
)

// Queue is a pipe with a buffer: many small answers leave as one packet of
// SSH, and neither side waits for the other's turn.
type Queue struct {
	mu     sync.Mutex
	moved  sync.Cond
	buf    []byte
	start  int // of what is unread
	closed bool
}

// queueSize bounds what is under way in one direction.
const queueSize = 1 << 20

// NewQueue makes an empty one.
func NewQueue() *Queue {
	q := &Queue{}
	q.moved.L = &q.mu
	return q
}

// Read waits for something to read.
func (q *Queue) Read(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.start == len(q.buf) {
		if q.closed {
			return 0, io.EOF
		}
		q.moved.Wait()
	}
	n := copy(p, q.buf[q.start:])
	if q.start += n; q.start == len(q.buf) {
		q.buf, q.start = q.buf[:0], 0
	}
	q.moved.Broadcast()
	return n, nil
}

// Write takes all of p, waiting while the queue is full.
func (q *Queue) Write(p []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.buf)-q.start >= queueSize && !q.closed {
		q.moved.Wait()
	}
	if q.closed {
		return 0, io.ErrClosedPipe
	}
	if q.start > 0 && len(q.buf)+len(p) > cap(q.buf) {
		q.buf = append(q.buf[:0], q.buf[q.start:]...)
		q.start = 0
	}
	q.buf = append(q.buf, p...)
	q.moved.Broadcast()
	return len(p), nil
}

// Close lets the reader come to the end and refuses writers.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.moved.Broadcast()
	return nil
}
