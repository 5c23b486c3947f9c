package hostfile_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/hostfile"
)

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func link(t *testing.T, to, at string) string {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Skipf("no links here: %v", err)
	}
	return at
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "file"), "text")
	for _, path := range []string{file, link(t, file, filepath.Join(dir, "link"))} {
		if data, err := hostfile.Read(t.Context(), path, 4); err != nil || string(data) != "text" {
			t.Errorf("Read(%q) = %q, %v, want %q", path, data, err, "text")
		}
	}
	if _, err := hostfile.Read(t.Context(), filepath.Join(dir, "none"), 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Read of no file: %v, want %v", err, fs.ErrNotExist)
	}
	var size *hostfile.SizeError
	if _, err := hostfile.Read(t.Context(), file, 3); !errors.As(err, &size) || size.Limit != 3 || size.Hint() == "" {
		t.Errorf("Read of 4 bytes with the limit 3: %v, want a SizeError", err)
	}
	var kind *hostfile.TypeError
	if _, err := hostfile.Read(t.Context(), dir, 4); !errors.As(err, &kind) || !strings.Contains(err.Error(), "is a folder") || kind.Hint() == "" {
		t.Errorf("Read of a folder: %v, want a TypeError", err)
	}
}

// A file may be in the hands of somebody who wants fbdock to wait or to take
// all memory.
func TestSpecialFiles(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such files in folders")
	}
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	makePipe(t, pipe)
	for path, want := range map[string]string{
		pipe: "is a named pipe", link(t, pipe, filepath.Join(dir, "to-pipe")): "is a named pipe",
		"/dev/zero": "is a device", link(t, "/dev/zero", filepath.Join(dir, "to-zero")): "is a device",
	} {
		var kind *hostfile.TypeError
		if _, err := hostfile.Read(t.Context(), path, 4); !errors.As(err, &kind) || !strings.Contains(err.Error(), want) {
			t.Errorf("Read(%q): %v, want a TypeError with %q", path, err, want)
		}
		if _, err := hostfile.Open(t.Context(), path); !errors.As(err, &kind) {
			t.Errorf("Open(%q): %v, want a TypeError", path, err)
		}
	}
	var kind *hostfile.TypeError
	if _, err := hostfile.ReadWithin(t.Context(), dir, "pipe", 4); !errors.As(err, &kind) {
		t.Errorf("ReadWithin of a pipe: %v, want a TypeError", err)
	}
}

func TestReadWithin(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "dir")
	inner := write(t, filepath.Join(dir, "sub", "file"), "text")
	outer := write(t, filepath.Join(top, "dir-not", "file"), "text")
	_ = link(t, "sub/file", filepath.Join(dir, "relative"))
	_ = link(t, inner, filepath.Join(dir, "absolute"))
	_ = link(t, "sub", filepath.Join(dir, "folder"))
	_ = link(t, outer, filepath.Join(dir, "out"))
	_ = link(t, "../dir-not", filepath.Join(dir, "out-folder"))
	_ = link(t, "nowhere", filepath.Join(dir, "dangling"))
	other := link(t, dir, filepath.Join(top, "other"))
	for _, path := range []string{
		"sub/file", "./sub/../sub/file", "relative", "absolute", "folder/file", inner, filepath.Join(other, "sub", "file"),
	} {
		for _, dir := range []string{dir, other} {
			data, err := hostfile.ReadWithin(t.Context(), dir, path, 4)
			// By another name of the folder it is there for who uses that name.
			if filepath.IsAbs(path) && !strings.HasPrefix(path, dir+string(filepath.Separator)) && err != nil {
				continue
			}
			if err != nil || string(data) != "text" {
				t.Errorf("ReadWithin(%q, %q) = %q, %v, want %q", dir, path, data, err, "text")
			}
		}
	}
	for _, path := range []string{"out", "out-folder/file", outer, "../dir-not/file", "/etc/passwd", "..", "sub/../../dir-not/file"} {
		var outside *hostfile.OutsideError
		_, err := hostfile.ReadWithin(t.Context(), dir, path, 1<<20)
		if !errors.As(err, &outside) || outside.Real == "" || outside.Hint() == "" {
			t.Errorf("ReadWithin(%q): %v, want an OutsideError", path, err)
		}
	}
	if _, err := hostfile.ReadWithin(t.Context(), dir, "none", 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadWithin of no file: %v, want %v", err, fs.ErrNotExist)
	}
	if _, err := hostfile.ReadWithin(t.Context(), dir, "dangling", 4); err == nil {
		t.Error("ReadWithin() of a dangling link: no error, want one")
	}
}

func TestEndedContext(t *testing.T) {
	t.Parallel()
	file := write(t, filepath.Join(t.TempDir(), "file"), "text")
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("stopped")
	cancel(why)
	if _, err := hostfile.Read(ctx, file, 4); !errors.Is(err, why) {
		t.Errorf("Read with an ended context: %v, want %v", err, why)
	}
}
