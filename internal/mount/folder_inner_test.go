package mount

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A guest that has the folder around a mount may put a link in its place.
func TestAFolderThatLeadsElsewhereIsRefused(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	source, elsewhere := filepath.Join(dir, "source"), filepath.Join(dir, "elsewhere")
	for _, d := range []string{source, elsewhere} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	f := Folder{Source: source, Real: source}
	if err := f.Unmoved(); err != nil {
		t.Errorf("Unmoved() = %v, want nothing", err)
	}
	if err := os.Remove(source); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, source); err != nil {
		t.Skipf("no links here: %v", err)
	}
	var moved *MovedError
	if err := f.Unmoved(); !errors.As(err, &moved) || moved.Leads != elsewhere || moved.Hint() == "" {
		t.Errorf("Unmoved() of a link = %v, want a MovedError", err)
	}
	f.Real = ""
	if err := f.Unmoved(); err != nil {
		t.Errorf("Unmoved() where nobody was asked = %v, want nothing", err)
	}
}
