package sftpserver_test

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/fbdock/fbdock/internal/sftpserver"
)

// say puts a packet of SFTP together: bytes are a type, numbers have four
// bytes, texts their length.
func say(parts ...any) []byte {
	b := make([]byte, 4)
	for _, part := range parts {
		switch v := part.(type) {
		case byte:
			b = append(b, v)
		case int:
			b = binary.BigEndian.AppendUint32(b, uint32(v))
		case uint64:
			b = binary.BigEndian.AppendUint64(b, v)
		case string:
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
		}
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// exchange serves what a guest says at once and gives the answers.
func exchange(t *testing.T, f sftpserver.Options, packets ...[]byte) ([][]byte, error) {
	t.Helper()
	var out bytes.Buffer
	err := serve(f, bytes.NewReader(bytes.Join(packets, nil)), &out)
	var answers [][]byte
	for out.Len() > 0 {
		var n uint32
		must(t, binary.Read(&out, binary.BigEndian, &n))
		answers = append(answers, out.Next(int(n)))
	}
	return answers, err
}

func code(answer []byte) int {
	if len(answer) < 9 || answer[0] != 101 {
		return -1
	}
	return int(binary.BigEndian.Uint32(answer[5:]))
}

// TestOrder is what sshfs counts on: what was sent first is done first.
func TestOrder(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	const handle = "\x00\x00\x00\x01"
	answers, err := exchange(t, sftpserver.Options{Dir: dir},
		say(byte(1), 3),
		say(byte(3), 1, "/f", 0x1a, 4, 0o600), // open: write, create, truncate
		say(byte(6), 2, handle, uint64(0), "0123456789"),
		say(byte(10), 3, handle, 1, uint64(4)), // fsetstat: size
		say(byte(8), 4, handle),
		say(byte(14), 5, "/d", 4, 0o700),
		say(byte(7), 6, "/d"),
		say(byte(4), 7, handle), say(byte(4), 8, handle),
	)
	if err != nil || len(answers) != 9 {
		t.Fatalf("Serve() gave %d answers, %v, want 9 and no error", len(answers), err)
	}
	if size := binary.BigEndian.Uint64(answers[4][9:]); size != 4 {
		t.Errorf("fstat after a write and a truncate: size = %d, want 4", size)
	}
	if mode := binary.BigEndian.Uint32(answers[4][25:]); mode != 0o100600 {
		t.Errorf("fstat of an opened file: mode = %o, want 100600", mode)
	}
	if mode := binary.BigEndian.Uint32(answers[6][25:]); mode != 0o40700 {
		t.Errorf("stat of a made folder: mode = %o, want 40700", mode)
	}
	if code(answers[7]) != 0 || code(answers[8]) != 2 {
		t.Errorf("close of one handle twice: status = %d, %d, want 0, 2", code(answers[7]), code(answers[8]))
	}
}

func TestNonsense(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	write(t, filepath.Join(dir, "f"), "x")
	for _, kind := range []byte{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 99, 200} {
		for _, rest := range []any{nil, "/f", "\xff\xff\xff\xff"} {
			answers, err := exchange(t, sftpserver.Options{Dir: dir}, say(kind, 7, rest))
			if err != nil || len(answers) != 1 {
				t.Fatalf("packet of type %d with %q: %d answers, %v, want 1 and no error", kind, rest, len(answers), err)
			}
			if c := code(answers[0]); c == 0 && kind != 13 {
				t.Errorf("packet of type %d with %q: status = 0, want a failure", kind, rest)
			}
		}
		write(t, filepath.Join(dir, "f"), "x")
	}
	for name, bad := range map[string][]byte{
		"empty": {0, 0, 0, 0}, "huge": {0xff, 0, 0, 0, 1}, "short": {0, 0, 0, 9, 1}, "shorter": {0, 0},
	} {
		if _, err := exchange(t, sftpserver.Options{Dir: dir}, bad); err == nil {
			t.Errorf("Serve() with a packet that is %s: no error, want one", name)
		}
	}
	if answers, err := exchange(t, sftpserver.Options{Dir: dir}, say(byte(200), 1, "unknown@example.org")); err != nil || code(answers[0]) != 8 {
		t.Errorf("an unknown extension: answers = %v, %v, want status 8", answers, err)
	}
}
