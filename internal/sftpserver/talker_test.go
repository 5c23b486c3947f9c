package sftpserver_test

import (
	"encoding/binary"
	"io"
	"testing"
)

// talker is a session in which one request follows the answer to the last, as
// sshfs asks for attributes.
type talker struct {
	t       testing.TB
	in, out *queue
	buf     []byte
}

func talk(t testing.TB, dir string, private ...string) *talker {
	t.Helper()
	to := &talker{t: t, in: newQueue(), out: newQueue(), buf: make([]byte, 256<<10)}
	done := make(chan error, 1)
	go func() {
		done <- serveDir(dir, private, to.in, to.out)
		_ = to.out.Close()
	}()
	t.Cleanup(func() {
		_ = to.in.Close()
		if err := <-done; err != nil {
			t.Errorf("Serve() = %v, want no error", err)
		}
	})
	to.ask(say(byte(1), 3))
	return to
}

// ask gives the answer, which is good until the next.
func (t *talker) ask(packet []byte) []byte {
	if _, err := t.in.Write(packet); err != nil {
		t.t.Fatalf("write of a request: %v, want no error", err)
	}
	if _, err := io.ReadFull(t.out, t.buf[:4]); err != nil {
		t.t.Fatalf("read of the size of an answer: %v, want no error", err)
	}
	answer := t.buf[:binary.BigEndian.Uint32(t.buf)]
	if _, err := io.ReadFull(t.out, answer); err != nil {
		t.t.Fatalf("read of an answer: %v, want no error", err)
	}
	return answer
}

// ok fails the test when an answer is a refusal.
func (t *talker) ok(answer []byte) []byte {
	if answer[0] == 101 && code(answer) != 0 {
		t.t.Fatalf("status of an answer = %d, want 0", code(answer))
	}
	return answer
}

// handle is the handle in an answer, "" in a refusal.
func (t *talker) handle(answer []byte) string {
	if answer[0] != 102 {
		return ""
	}
	return string(answer[9:13])
}
