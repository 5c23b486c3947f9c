package arch_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	links    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	fences   = regexp.MustCompile("(?ms)^```.*?^```")
)

// anchors are the names by which a page's headings are linked to: lower case,
// without punctuation, hyphens for spaces.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range headings.FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		found[strings.ReplaceAll(name, " ", "-")] = true
	}
	return found
}

// TestLinks: every link between the repository's pages leads to a file, and to
// a heading of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	const root = "../.."
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "*.md").Output()
	if err != nil {
		t.Skipf("no git here, or no repository: %v", err)
	}
	pages := strings.Fields(string(out))
	if len(pages) < 5 {
		t.Fatalf("git ls-files names %d pages, want 5 or more", len(pages))
	}
	for _, page := range pages {
		text, err := os.ReadFile(filepath.Join(root, page))
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range links.FindAllStringSubmatch(fences.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := filepath.Join(root, filepath.Dir(page), filepath.FromSlash(file))
			if file == "" {
				to = filepath.Join(root, page)
			}
			target, err := os.Stat(to)
			if err != nil {
				t.Errorf("%s links to %s: %v, want an existing file", page, m[1], err)
				continue
			}
			if anchor == "" || target.IsDir() {
				continue
			}
			if there, err := os.ReadFile(to); err != nil || !anchors(string(there))[anchor] {
				t.Errorf("%s links to %s, want such a heading in %s", page, m[1], file)
			}
		}
	}
}
