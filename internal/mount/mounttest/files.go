// Package mounttest has what the tests of mounts need: folders, and a real
// OpenSSH server in the place of a guest. It is for tests only.
package mounttest

import (
	"os"
	"path/filepath"
	"testing"
)

// Folder is a folder to be served, its links resolved as a project's are.
func Folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Write writes a file and makes the folders that it lies in.
func Write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Must ends the test on an error.
func Must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
