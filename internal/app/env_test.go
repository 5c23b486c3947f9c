package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/failure"
)

// odd are values that a shell likes to read something into.
func odd() []string {
	return []string{
		`unix:///a 'b' "c" $HOME \d;` + "`id`", `x\"|touch PWNED|true \"`, "'; touch PWNED; '", `\'; touch PWNED; \'`, "$(touch PWNED)",
		`a\`, `\\`, "x’; touch PWNED; ’", "# a", "* ? [a] {b,c} ~", "%PATH%", "a  b",
	}
}

// TestEnvInShells has the shells themselves read what is written for them,
// in the way that the help names.
func TestEnvInShells(t *testing.T) {
	t.Parallel()
	for program, how := range map[string]struct{ shell, eval string }{
		"sh": {app.ShellSh, `eval "$(cat words)"`}, "dash": {app.ShellSh, `eval "$(cat words)"`}, "bash": {app.ShellSh, `eval "$(cat words)"`},
		"zsh": {app.ShellSh, `eval "$(cat words)"`}, "fish": {app.ShellFish, "cat words | source"},
		"tcsh": {app.ShellCsh, "eval `cat words`"}, "csh": {app.ShellCsh, "eval `cat words`"},
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(program)
			if err != nil {
				t.Skipf("no %s here: %v", program, err)
			}
			for _, value := range odd() {
				variables := []app.Variable{{Name: "FBDOCK_ODD", Value: value}, {Name: "FBDOCK_NONE"}}
				words, err := app.FormatEnv(variables, how.shell, false)
				if how.shell == app.ShellCsh && (strings.Contains(value, "  ") || strings.Contains(value, "*")) {
					if err == nil {
						t.Errorf("FormatEnv(%q) for csh: no error, want one because csh would change it", value)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				if err := os.WriteFile(filepath.Join(dir, "words"), []byte(words), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd := exec.CommandContext(t.Context(), path, "-c", how.eval+"; sh -c 'printf \"%s|%s\" \"$FBDOCK_ODD\" \"$FBDOCK_NONE\"'")
				cmd.Env, cmd.Dir = []string{"FBDOCK_NONE=set", "HOME=" + t.TempDir(), "PATH=/usr/bin:/bin"}, dir
				if out, err := cmd.CombinedOutput(); err != nil || string(out) != value+"|" {
					t.Errorf("%s reads %q as %q, %v, want %q", program, words, out, err, value+"|")
				}
				if _, err := os.Stat(filepath.Join(dir, "PWNED")); err == nil {
					t.Errorf("%s runs what %q says, want it only read", program, words)
				}
				undo, err := app.FormatEnv(variables, how.shell, true)
				if err != nil || strings.Contains(undo, value) {
					t.Errorf("FormatEnv(undo) for %s = %q, %v, want no %q in it", how.shell, undo, err, value)
				}
			}
		})
	}
}

func TestEnvRefuses(t *testing.T) {
	t.Parallel()
	for shell, value := range map[string]string{app.ShellCmd: "%PATH%", app.ShellCsh: "!!", app.ShellSh: "a\nb", app.ShellFish: "\x1b[2J"} {
		if got, err := app.FormatEnv([]app.Variable{{Name: "A", Value: value}}, shell, false); err == nil {
			t.Errorf("FormatEnv(%q) for %s = %q, want an error", value, shell, got)
		}
	}
	// To PowerShell typographic quotes are quotes.
	got, err := app.FormatEnv([]app.Variable{{Name: "A", Value: "x’; touch PWNED; ’"}}, app.ShellPowerShell, false)
	if want := "$Env:A = 'x’’; touch PWNED; ’’'\n"; got != want || err != nil {
		t.Errorf("FormatEnv for powershell = %q, %v, want %q", got, err, want)
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
			t.Errorf("FormatEnv() for %s = %q, %v, want %q", shell, got, err, want)
		}
	}
	if _, err := app.FormatEnv(variables, "rc", false); failure.Status(err) != failure.ExitUsage {
		t.Errorf("FormatEnv() for shell rc: error = %v, want one with exit status %d", err, failure.ExitUsage)
	}
}
