package advice_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/advice"
	"github.com/fbdock/fbdock/internal/remoteimage"
)

func TestForImage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ platforms, architecture, want, command string }{
		{"linux/amd64", "amd64", "engine", "fbdock docker run --rm -it img"},
		{"linux/arm64", "amd64", "emulation", "--platform linux/arm64 img"},
		{"linux/arm64 linux/amd64", "arm64", "engine", "run --rm -it img"},
		{"freebsd/amd64", "amd64", "podman", "fbdock podman run --rm -it docker.io/library/img:1"},
		{"freebsd/arm64", "amd64", "none", ""},
		{"linux/amd64 freebsd/amd64", "amd64", "engine podman", "docker run"},
		{"linux/arm64 freebsd/amd64", "amd64", "podman", "podman run"},
		{"windows/amd64", "amd64", "none", ""},
		{"", "amd64", "none", ""},
	} {
		image := remoteimage.Image{Name: "docker.io/library/img:1", Short: "img"}
		for word := range strings.FieldsSeq(tt.platforms) {
			system, architecture, _ := strings.Cut(word, "/")
			image.Platforms = append(image.Platforms, remoteimage.Platform{OS: system, Architecture: architecture})
		}
		paths := advice.ForImage(advice.Machine{Architecture: tt.architecture, Podman: true}, image)
		var names []string
		for _, p := range paths {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != tt.want || !strings.Contains(paths[0].Command, tt.command) {
			t.Errorf("ForImage(%q on %s) = %q, %q; want %q, %q", tt.platforms, tt.architecture, got, paths[0].Command, tt.want, tt.command)
		}
	}
}

func TestPathsAndNotes(t *testing.T) {
	t.Parallel()
	if all := advice.Paths(advice.Machine{}, ""); len(all) != 5 {
		t.Errorf("Paths() without a purpose = %d, want 5", len(all))
	}
	for _, purpose := range advice.Purposes() {
		if got := advice.Paths(advice.Machine{}, purpose); len(got) != 1 {
			t.Errorf("Paths(%q) = %v, want one", purpose, got)
		}
	}
	m := advice.Machine{Architecture: "amd64"}
	if p := advice.Paths(m, "freebsd")[0]; !strings.Contains(p.State, "podman {}") {
		t.Errorf("Paths(freebsd) without podman has the state %q, want it to name podman {}", p.State)
	}
	musl := remoteimage.Image{Platforms: []remoteimage.Platform{{OS: "linux", Architecture: "arm64", Libc: "musl"}, {OS: "linux", Architecture: "amd64", Libc: "uclibc"}}}
	if notes := advice.Notes(m, musl); len(notes) != 1 || !strings.Contains(notes[0], "uclibc") {
		t.Errorf("Notes() = %q, want one that names uclibc", notes)
	}
}
