package mount

import (
	"path/filepath"
	"testing"
)

// TestLinkTexts: a link that leads into the folder by its full name leads to
// where the guests have it, and the other way.
func TestLinkTexts(t *testing.T) {
	t.Parallel()
	source, err := filepath.Abs("folder")
	if err != nil {
		t.Fatal(err)
	}
	f := Folder{Source: source, Target: "/src"}
	for _, c := range []struct{ host, guest string }{
		{filepath.Join(source, "a", "f"), "/src/a/f"}, {source, "/src"}, {filepath.Join("a", "f"), "a/f"}, {"/usr/bin", "/usr/bin"}, {source + "x", filepath.ToSlash(source + "x")},
	} {
		if got := f.guestLink(c.host); got != c.guest {
			t.Errorf("guestLink(%q) = %q, want %q", c.host, got, c.guest)
		}
		if got := filepath.ToSlash(f.hostLink(c.guest)); got != filepath.ToSlash(c.host) {
			t.Errorf("hostLink(%q) = %q, want %q", c.guest, got, c.host)
		}
	}
}
