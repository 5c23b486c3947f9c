//go:build !windows

package sftpserver_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// benchPrivate are private paths as a project has them: one below the folder
// that does not exist, and two elsewhere that do.
func benchPrivate(b *testing.B, dir string) []string {
	return []string{filepath.Join(dir, ".fbdock"), b.TempDir(), b.TempDir()}
}

// cpu adds the processor time of an operation, the client's included, which
// other programs disturb less than the time that passes. It is called at the
// end.
func cpu(b *testing.B) func() {
	used := func() (sum float64) {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() { b.ReportMetric((used()-before)/float64(b.N), "cpu-ns/op") }
}

func BenchmarkStat(b *testing.B) {
	for _, name := range []string{"f", "a/b/f", "a/b/c/d/e/f"} {
		b.Run(fmt.Sprint("depth=", len(name)/2+1), func(b *testing.B) {
			dir := b.TempDir()
			file := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(file, nil, 0o644); err != nil {
				b.Fatal(err)
			}
			t := talk(b, dir, benchPrivate(b, dir)...)
			packet := say(byte(7), 1, "/"+name)
			defer cpu(b)()
			for b.Loop() {
				t.ok(t.ask(packet))
			}
		})
	}
}

func BenchmarkOpenReadClose(b *testing.B) {
	dir := b.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b", "c"), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a", "b", "c", "f"), make([]byte, 4096), 0o644); err != nil {
		b.Fatal(err)
	}
	t := talk(b, dir, benchPrivate(b, dir)...)
	packet := say(byte(3), 1, "/a/b/c/f", 1, 0)
	defer cpu(b)()
	for b.Loop() {
		h := t.handle(t.ask(packet))
		t.ok(t.ask(say(byte(5), 2, h, uint64(0), 4096)))
		t.ok(t.ask(say(byte(4), 3, h)))
	}
}

func BenchmarkCreateRenameRemove(b *testing.B) {
	dir := b.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a", "b", "c"), 0o755); err != nil {
		b.Fatal(err)
	}
	t := talk(b, dir, benchPrivate(b, dir)...)
	defer cpu(b)()
	for b.Loop() {
		t.ok(t.ask(say(byte(4), 3, t.handle(t.ask(say(byte(3), 1, "/a/b/c/f", 0x1a, 0))))))
		t.ok(t.ask(say(byte(200), 1, "posix-rename@openssh.com", "/a/b/c/f", "/a/b/g")))
		t.ok(t.ask(say(byte(13), 1, "/a/b/g")))
	}
}

func BenchmarkList(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	t := talk(b, dir, benchPrivate(b, dir)...)
	defer cpu(b)()
	for b.Loop() {
		h := t.handle(t.ask(say(byte(11), 1, "/")))
		for t.ask(say(byte(12), 1, h))[0] != 101 {
		}
		t.ok(t.ask(say(byte(4), 3, h)))
	}
}

func BenchmarkRead(b *testing.B) {
	const size = 64 << 20
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "f"), make([]byte, size), 0o644); err != nil {
		b.Fatal(err)
	}
	t := talk(b, dir, benchPrivate(b, dir)...)
	h := t.handle(t.ask(say(byte(3), 1, "/f", 1, 0)))
	b.SetBytes(size)
	defer cpu(b)()
	for b.Loop() {
		for at := uint64(0); at < size; at += 128 << 10 {
			t.ok(t.ask(say(byte(5), 2, h, at, 128<<10)))
		}
	}
}
