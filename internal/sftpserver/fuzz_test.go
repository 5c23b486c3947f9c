package sftpserver_test

import (
	"bytes"
	"path/filepath"
	"testing"
)

// judge serves requests to a victim, and fails the test when the sentinel
// comes out or something private changes.
func judge(t *testing.T, requests []byte) {
	t.Helper()
	if bytes.Contains(requests, []byte("SENTINEL")) {
		t.Skip("the guest has the sentinel already")
	}
	v := newVictim(t)
	symlink(t, "..", filepath.Join(v.project, "src", "self"))
	symlink(t, filepath.Join("..", "state"), filepath.Join(v.project, "link"))
	var out bytes.Buffer
	_ = serveDir(v.project, v.private, bytes.NewReader(requests), &out)
	if at := bytes.Index(out.Bytes(), []byte("SENTINEL")); at >= 0 {
		t.Errorf("Serve() answered with private text %.60q, want none", out.Bytes()[at:])
	}
	v.unharmed(t)
}

// FuzzServer: no bytes of a guest end in a panic, outside, or in what is
// private.
func FuzzServer(f *testing.F) {
	f.Add(bytes.Join([][]byte{say(byte(1), 3), say(byte(3), 1, "/src/f", 0x1a, 0), say(byte(6), 2, "\x00\x00\x00\x01", uint64(3), "x")}, nil))
	f.Add(bytes.Join([][]byte{say(byte(1), 3), say(byte(3), 1, "/src/f", 0x1a, 0), say(byte(6), 2, "\x00\x00\x00\x01", uint64(1<<36), "x")}, nil)) // 64 GiB
	f.Add(say(byte(18), 1, "/../a", "../b"))
	f.Add(say(byte(9), 1, "/f", 0x8000000f, 1, 2, 3))
	f.Add(bytes.Join([][]byte{say(byte(20), 1, ".fbdock", "/x"), say(byte(3), 1, "/x/dev/key", 1, 0), say(byte(5), 1, "\x00\x00\x00\x01", uint64(0), 99)}, nil))
	f.Fuzz(judge)
}

// FuzzRequests: no sequence of requests that are well formed and aim at what is
// private gets there.
func FuzzRequests(f *testing.F) {
	// Each name is the number of its words less one, and their places in words.
	// The takeover: a link /x to .fbdock, /x/dev/key opened, and read.
	f.Add([]byte{6, 0, 1, 1, 0, 16, 0, 2, 16, 4, 3, 1, 0, 1, 0})
	// A hard link and a rename out of the private folder, and reads of both.
	f.Add([]byte{5, 2, 1, 4, 3, 0, 16, 4, 1, 1, 2, 0, 17, 0, 0, 16, 1, 0, 0, 0, 17, 1, 0, 1, 0, 1, 1})
	// The folder around what is private is renamed.
	f.Add([]byte{4, 0, 5, 0, 16, 0, 2, 16, 6, 3, 1, 0, 1, 0})
	// Through a link of the project.
	f.Add([]byte{0, 2, 8, 10, 1, 1, 0, 12, 2, 8, 10, 1, 13, 0, 13, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		s := &scripted{b: script}
		var requests []byte
		for n := 0; len(s.b) > 0 && n < 64; n++ {
			requests = append(requests, s.request()...)
		}
		judge(t, requests)
	})
}

// scripted is read byte by byte.
type scripted struct{ b []byte }

func (s *scripted) next() int {
	if len(s.b) == 0 {
		return 0
	}
	b := s.b[0]
	s.b = s.b[1:]
	return int(b)
}

// words are what names are made of.
var words = []string{
	"", ".fbdock", "Vagrantfile", "key", "dev", "deep", "state", "nested", "src", "f", "self", "link", ".FBDOCK", "FBDOCK~1", "..", ".fbdoc\u212a",
	"x", "y", ".fbdock.", ".fbdock::$INDEX_ALLOCATION", ".", "project", "outside", "secret",
}

// name has one to three words.
func (s *scripted) name() string {
	name := ""
	for range 1 + s.next()%3 {
		name += "/" + words[s.next()%len(words)]
	}
	return name
}

func (s *scripted) handle() string { return string([]byte{0, 0, 0, byte(1 + s.next()%4)}) }

func (s *scripted) request() []byte {
	switch s.next() % 16 {
	case 0:
		return say(byte(3), 1, s.name(), s.next()%64, s.next()&4, 0o600)
	case 1:
		return say(byte(5), 1, s.handle(), uint64(0), 4096)
	case 2:
		return say(byte(6), 1, s.handle(), uint64(s.next()), "attack")
	case 3:
		return say(byte(4), 1, s.handle())
	case 4:
		return say(byte(200), 1, "posix-rename@openssh.com", s.name(), s.name())
	case 5:
		return say(byte(200), 1, "hardlink@openssh.com", s.name(), s.name())
	case 6:
		return say(byte(20), 1, s.name()[s.next()%2:], s.name())
	case 7:
		return say(byte(14), 1, s.name(), 4, 0o700)
	case 8:
		return say(byte(13), 1, s.name())
	case 9:
		return say(byte(15), 1, s.name())
	case 10:
		return say(byte(9), 1, s.name(), 0xd, uint64(s.next()), 0o777, 1, 1)
	case 11:
		return say(byte(10), 1, s.handle(), 0xd, uint64(s.next()), 0o777, 1, 1)
	case 12:
		return say(byte(11), 1, s.name())
	case 13:
		return say(byte(12), 1, s.handle())
	case 14:
		return say(byte(18), 1, s.name(), s.name())
	}
	return say(byte(17), 1, s.name())
}
