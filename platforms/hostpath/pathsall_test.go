package hostpath_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/platforms/hostpath"
)

// names that real folders have, and that translations stumble over.
func names() []string {
	return []string{
		"Users", "home", "a b", "Zoë", "日本語", "C", "c", "unc", "UNC", "mnt", "$RECYCLE.BIN", "%PATH%", "it's", "a&b", "(x86)", "~", "-v",
		"a,b=c", "#hash", "!bang", "100%", "[x]", "{y}", "`tick`", "^caret", ";", "🐡", "a.b", ".hidden", "..x", "x..", "é", "e\u0301", "wsl$",
		strings.Repeat("長", 80), strings.Repeat("long", 60),
	}
}

// generate gives a path as its system writes it, with nothing to clean.
func generate(r *rand.Rand, goos string) string {
	all := names()
	parts := make([]string, 1+r.IntN(6))
	for i := range parts {
		parts[i] = all[r.IntN(len(all))]
		if goos != "windows" && r.IntN(8) == 0 {
			parts[i] += `\*?"<>|:`
		}
	}
	if goos != "windows" {
		return "/" + strings.Join(parts, "/")
	}
	if r.IntN(4) == 0 {
		return `\\` + []string{"server", "10.0.0.1", "wsl.localhost"}[r.IntN(3)] + `\` + strings.Join(parts, `\`)
	}
	return string(rune('A'+r.IntN(26))) + `:\` + strings.Join(parts, `\`)
}

// There and back is the identity, and no two host paths share a guest
// path.
func TestGeneratedPaths(t *testing.T) {
	t.Parallel()
	for _, goos := range []string{"windows", "linux", "darwin"} {
		r := rand.New(rand.NewPCG(5, 77))
		taken := map[string]string{}
		for range 20000 {
			host := generate(r, goos)
			guest, err := hostpath.GuestPath(goos, host)
			if err != nil {
				if len(host) > 900 {
					continue
				}
				t.Fatalf("GuestPath(%s, %q): %v, want no error", goos, host, err)
			}
			back, err := hostPath(goos, guest)
			if err != nil || back != host {
				t.Fatalf("GuestPath(%s, %q) = %q, whose host path is %q, %v, want the same", goos, host, guest, back, err)
			}
			if other, ok := taken[guest]; ok && other != host {
				t.Fatalf("GuestPath(%s) of %q and of %q = %q, want different paths", goos, host, other, guest)
			}
			taken[guest] = host
		}
		if len(taken) < 10000 {
			t.Errorf("paths of %s = %d, want 10000 or more", goos, len(taken))
		}
	}
}

// What -v is given comes apart again, drive letters and all.
func TestGeneratedVolumes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 78))
	for range 5000 {
		source := generate(r, "windows")
		for _, options := range []string{"", "ro", "rw,z"} {
			spec := source + ":/data"
			if options != "" {
				spec += ":" + options
			}
			if s, target, o := hostpath.SplitVolume(spec); s != source || target != "/data" || o != options {
				t.Fatalf("SplitVolume(%q) = %q, %q, %q, want %q, /data, %q", spec, s, target, o, source, options)
			}
		}
	}
}
