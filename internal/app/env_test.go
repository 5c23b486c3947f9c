package app_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/app"
)

const odd = `unix:///a 'b' "c" $HOME \d;` + "`id`"

// TestEnvInShells has the shells themselves read what is written for them.
func TestEnvInShells(t *testing.T) {
	t.Parallel()
	variables := []app.Variable{{Name: "FBDOCK_ODD", Value: odd}, {Name: "FBDOCK_NONE"}}
	for shell, program := range map[string]string{app.ShellSh: "sh", app.ShellFish: "fish"} {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Log(err)
			continue
		}
		words, err := app.FormatEnv(variables, shell, false)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), path, "-c", words+"printf '%s|%s' \"$FBDOCK_ODD\" \"$FBDOCK_NONE\"")
		cmd.Env = []string{"FBDOCK_NONE=set", "HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}
		if out, err := cmd.Output(); err != nil || string(out) != odd+"|" {
			t.Errorf("%s: %q, %v", shell, out, err)
		}
		undo, err := app.FormatEnv(variables, shell, true)
		if err != nil || strings.Contains(undo, "unix") {
			t.Errorf("%s: %q, %v", shell, undo, err)
		}
	}
}

func TestEnvOfWindows(t *testing.T) {
	t.Parallel()
	variables := []app.Variable{{Name: "DOCKER_HOST", Value: "npipe:////./pipe/it's"}, {Name: "DOCKER_CONTEXT"}}
	for shell, want := range map[string]string{
		app.ShellPowerShell: "$Env:DOCKER_HOST = 'npipe:////./pipe/it''s'\nRemove-Item Env:DOCKER_CONTEXT -ErrorAction SilentlyContinue\n",
		app.ShellCmd:        "set \"DOCKER_HOST=npipe:////./pipe/it's\"\r\nset \"DOCKER_CONTEXT=\"\r\n",
	} {
		if got, err := app.FormatEnv(variables, shell, false); got != want || err != nil {
			t.Errorf("%s: %q, %v", shell, got, err)
		}
	}
	if _, err := app.FormatEnv([]app.Variable{{Name: "A", Value: "%PATH%"}}, app.ShellCmd, false); err == nil {
		t.Error("cmd would put a variable in")
	}
	if _, err := app.FormatEnv(variables, "tcsh", false); app.Status(err) != app.ExitUsage {
		t.Errorf("%v", err)
	}
}
