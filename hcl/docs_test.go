package hcl_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/hcl"
)

// TestReference keeps the reference in docs/configuration.md what the schema says;
// -update writes it there.
func TestReference(t *testing.T) {
	t.Parallel()
	const readme, begin, end = "../docs/configuration.md", "<!-- reference:begin", "<!-- reference:end -->"
	src, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(src), "\r\n", "\n")
	before, rest, found := strings.Cut(text, begin)
	mark, rest, closed := strings.Cut(rest, "-->\n")
	old, after, ended := strings.Cut(rest, end)
	if !found || !closed || !ended {
		t.Fatalf("%s: marks of the reference not found, want %q and %q", readme, begin, end)
	}
	want := "\n" + hcl.Reference() + "\n"
	if *update && old != want {
		text := before + begin + mark + "-->\n" + want + end + after
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, old); diff != "" {
		t.Errorf("run go test ./hcl -update; docs/configuration.md is out of date (-want +got):\n%s", diff)
	}
}
