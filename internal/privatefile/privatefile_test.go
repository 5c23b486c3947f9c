package privatefile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// TestNothingIsOpenedThroughALink: neither read, nor written, nor truncated,
// nor locked.
func TestNothingIsOpenedThroughALink(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	dir := t.TempDir()
	mine, link := filepath.Join(dir, "mine"), filepath.Join(dir, "link")
	if err := os.WriteFile(mine, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(mine, link); err != nil {
		t.Fatal(err)
	}
	if data, err := privatefile.Read(link); err == nil {
		t.Errorf("Read(link) = %q, want an error", data)
	}
	for _, flag := range []int{os.O_RDONLY, os.O_CREATE | os.O_APPEND | os.O_WRONLY, os.O_CREATE | os.O_TRUNC | os.O_WRONLY} {
		if f, err := privatefile.Open(link, flag); err == nil {
			t.Errorf("Open(link, %#x) = %v, want an error", flag, f.Name())
		}
	}
	if ok, err := privatefile.Lock(link).TryLock(); err == nil {
		t.Errorf("Lock(link).TryLock() = %v, want an error", ok)
	}
	if data, err := os.ReadFile(mine); err != nil || string(data) != "secret" {
		t.Errorf("the target of the link holds %q, %v, want \"secret\"", data, err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.Symlink(dir, folder); err != nil {
		t.Fatal(err)
	}
	if entries, err := privatefile.ReadDir(folder); err == nil {
		t.Errorf("ReadDir(link) = %v, want an error", entries)
	}
	if entries, err := privatefile.ReadDir(dir); err != nil || len(entries) != 3 {
		t.Errorf("ReadDir = %v, %v, want three entries", entries, err)
	}
}

// TestNothingIsAwaited: a named pipe or a device is refused at once.
func TestNothingIsAwaited(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such devices in folders")
	}
	if data, err := privatefile.Read(os.DevNull); err == nil {
		t.Errorf("Read(%s) = %q, want an error", os.DevNull, data)
	}
}
