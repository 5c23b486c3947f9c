package command

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/mount"
)

// TestScriptRemovesEnvironment: values of the environment are removed in the
// guest before anything that may end the script, and none is in the script.
func TestScriptRemovesEnvironment(t *testing.T) {
	t.Parallel()
	c := newCargo(nil, dockerpaths.Host{}, nil)
	if err := c.environment(handover{set: map[string]string{"TOKEN": "s3cret", "HOME": "/home/me"}, unset: []string{"LANG"}}); err != nil {
		t.Fatal(err)
	}
	at := placed{
		args: []string{"docker", "run", "-e", "TOKEN", "x"}, dir: "/src", cargo: c,
		around: mount.Folder{Source: "/home/me/src", Target: "/src"}, used: []mount.Folder{{Source: "/home/me/src", Target: "/src"}},
	}
	script, err := at.script(at.used)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(script, ". "+c.dir+"/env || exit 125; ") || strings.Contains(script, "s3cret") || !strings.HasSuffix(script, `exec "$__fbdock_program" 'run' -e TOKEN x`) {
		t.Errorf("script = %s, want it to read the env file and to hold no value", script)
	}
	if env := string(c.items[0].Data); !strings.HasPrefix(env, "rm -rf "+c.dir+"\n") || !strings.Contains(env, "\nexport TOKEN='s3cret'\nunset LANG\n") || strings.Index(env, "DOCKER_CONFIG=") > strings.Index(env, "HOME='/home/me'") {
		t.Errorf("env file = %s, want its folder removed first, TOKEN set, LANG unset, DOCKER_CONFIG before HOME", env)
	}
}
