package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/run/runtest"
)

// TestCompletionRunsNothing completes a command line, and with words, that
// hold commands: the shells may not run them.
func TestCompletionRunsNothing(t *testing.T) {
	t.Parallel()
	for shell, script := range map[string]string{
		"bash": "source \"$SCRIPT\"\nCOMP_WORDS=(fbdock -C 'x;touch PWNED1;$(touch PWNED2)' pl)\nCOMP_CWORD=3\n_fbdock\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n",
		"fish": "source $SCRIPT\ncomplete -C 'fbdock -C x\\;touch\\ PWNED1\\;\\(touch\\ PWNED2\\) pl'\n",
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("no %s here: %v", shell, err)
			}
			dir := t.TempDir()
			text, err := completions.ReadFile("completion/fbdock." + shell)
			if err != nil {
				t.Fatal(err)
			}
			for name, text := range map[string]string{
				"script": string(text), "fbdock": "#!/bin/sh\nprintf '%s\\n' \"$@\" >>args\nprintf 'plan\\nplain$(touch PWNED3)`touch PWNED4`\\n'\n",
			} {
				if err := runtest.WriteProgram(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), program, "-c", script)
			cmd.Dir, cmd.Env = dir, []string{"PATH=" + dir + ":/usr/bin:/bin", "HOME=" + dir, "SCRIPT=" + filepath.Join(dir, "script")}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s with the completion script: %v, want exit status 0: %s", shell, err, out)
			}
			if !strings.Contains(string(out), "plan") {
				t.Errorf("%s completes %q, want plan", shell, out)
			}
			if args, err := os.ReadFile(filepath.Join(dir, "args")); err != nil || !strings.Contains(string(args), "x;touch PWNED1;") {
				t.Errorf("%s gives fbdock the arguments %q, %v, want the typed text as one argument", shell, args, err)
			}
			if left, err := filepath.Glob(filepath.Join(dir, "PWNED*")); err != nil || len(left) > 0 {
				t.Errorf("completion in %s ran commands that made %v, %v, want none run", shell, left, err)
			}
		})
	}
}
