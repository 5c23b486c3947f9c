package dockerflags_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerflags"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"run -e FOO -e BAR=1 --env BAZ -eX busybox -e NO":                         "FOO BAZ X",
		"exec --env FOO c env":                                                    "FOO",
		"build --build-arg FOO --build-arg BAR=1 .":                               "FOO",
		"build --secret id=a,env=TOKEN --secret id=B --secret id=c,src=f .":       "TOKEN B",
		"build --secret type=env,id=a,src=TOKEN --secret type=env,id=b,env=TWO .": "TOKEN TWO",
		"compose run -e FOO web":                                                  "FOO",
		"service create --env FOO --secret s x":                                   "FOO",
		"ps":                                                                      "",
	} {
		if got := strings.Join(dockerflags.ParseLine(strings.Fields(line)).Variables(), " "); got != want {
			t.Errorf("ParseLine(%q).Variables() = %q, want %q", line, got, want)
		}
	}
}
