package link

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzPins: what is read and written is read again as the same, and a file
// that says something never becomes "nothing is known".
func FuzzPins(f *testing.F) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKO5dYs6p3lpvXkFP8OTLKPRnsAyxaBzQGwJ7kPCiAsM"
	for _, text := range []string{
		"fbdock-dev " + key + "\n", "a,b " + key, "# " + key + "\n", "", "\n", "fbdock-dev\n", "fbdock-dev ssh-rsa AAAA\n", "@revoked a " + key, "a " + key + " comment\nb " + key, "a " + key + "\r\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := readPins(file)
		if err != nil {
			return
		}
		says := false
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSpace(line)
			says = says || line != "" && line[0] != '#'
		}
		if says && len(p.entries) == 0 {
			t.Fatalf("readPins(%q) has no entry, want one or more", text)
		}
		if err := os.WriteFile(file, p.bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := readPins(file)
		if err != nil {
			t.Fatalf("readPins(%q): error = %v, want none", p.bytes(), err)
		}
		if !slices.EqualFunc(p.entries, again.entries, func(a, b pinned) bool { return a.name == b.name && sameKey(a.key, b.key) }) {
			t.Fatalf("readPins(%q) = %v, written and read again %v, want equal entries", text, p.entries, again.entries)
		}
	})
}
