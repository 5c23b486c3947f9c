package dockerflags_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerflags"
)

// TestParsePodman: the value of a flag that docker does not have is no
// argument, so that what follows is still read.
func TestParsePodman(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line, binds, args string
		stdin             bool
	}{
		{"run --os linux -v /a:/b img -v /c:/d", "/a:/b", "img -v /c:/d", false},
		{"--log-level debug container run --annotation a=b --pod p -it -v=/a:/b img", "/a:/b", "img", true},
		{"create --replace --tz local --volume /a:/b img sh", "/a:/b", "img sh", false},
		{"build --layers --format oci -v /a:/b .", "/a:/b", ".", false},
		{"build -f - .", "", ".", true},
		{"exec -l -i sh", "", "sh", true},
		{"rm -a -t 5 -f x", "", "x", false},
		{"kube play --replace --network n pod.yaml", "", "pod.yaml", false},
		{"kube play -", "", "-", true},
		{"pod create --share net -v /a:/b -p 80:80 name", "/a:/b", "name", false},
		{"logs -n --tail 5 x", "", "x", false},
	} {
		l := dockerflags.ParsePodman(strings.Fields(tt.line))
		var binds, args []string
		for _, v := range l.Values {
			if v.Kind == dockerflags.Bind {
				binds = append(binds, v.Text)
			}
		}
		for _, v := range l.Args() {
			args = append(args, v.Text)
		}
		if got := strings.Join(binds, " "); got != tt.binds || strings.Join(args, " ") != tt.args || l.Stdin() != tt.stdin || !l.Known {
			t.Errorf("ParsePodman(%q): binds %q, args %q, stdin %v, known %v, want %+v", tt.line, got, args, l.Stdin(), l.Known, tt)
		}
	}
	if got := dockerflags.ParsePodman([]string{"--url", "unix:///x", "ps"}).Connection(); got != "--url" {
		t.Errorf("ParsePodman(--url): Connection() = %q, want %q", got, "--url")
	}
	// Docker's own table stays as it is.
	if values := dockerflags.ParseLine(strings.Fields("run --os linux img")).Args(); !slices.ContainsFunc(values, func(v dockerflags.Value) bool { return v.Text == "linux" }) {
		t.Errorf("ParseLine(%q): Args() = %v, want linux among them", "run --os linux img", values)
	}
}
