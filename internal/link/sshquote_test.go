package link_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/run/runtest"
)

// hostile are names of folders that somebody may have chosen to run a
// command of theirs.
func hostile() []string {
	return []string{
		"plain", "a b", `x\"|touch PWNED|true \"`, `x"|touch PWNED|true "`, `'; touch PWNED; '`, `'\''; touch PWNED; '\''`,
		"$(touch PWNED)", "`touch PWNED`", "${IFS}touch${IFS}PWNED", "x; touch PWNED", "x\ntouch PWNED\n", "x && touch PWNED",
		"!touch", "!!", "%h", "%%", "%r%n%x", `\`, `a\`, `\\`, `\'`, `\"`, "# touch PWNED", "(touch PWNED)", "<(touch PWNED)",
		"x’; touch PWNED; ’", "\u202e", "\xff\xfe", "tab\there", "*", "~", "{a,b}", "^a", "-oProxyCommand=touch", "=", "\x01\x1b[2J",
	}
}

// TestProxyCommand has the real ssh give the command to the shells that
// people log in with.
func TestProxyCommand(t *testing.T) {
	t.Parallel()
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skipf("ssh is not installed: %v", err)
	}
	for _, shell := range []string{"sh", "dash", "bash", "zsh", "fish", "tcsh", "csh"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("no %s here (apt-get install %s)", shell, shell)
			}
			for _, word := range hostile() {
				proxied(t, ssh, program, word)
			}
		})
	}
}

// proxied runs ssh with a ProxyCommand that notes its arguments.
func proxied(t *testing.T, ssh, shell, word string) {
	t.Helper()
	dir := t.TempDir()
	note, config, noted := filepath.Join(dir, "note"), filepath.Join(dir, "config"), filepath.Join(dir, "noted")
	if err := runtest.WriteProgram(note, []byte("#!/bin/sh\nprintf '%s\\0' \"$@\" >"+noted+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	command, err := link.ProxyCommand("linux", []string{note, "-C", word, "-m", "dev"})
	if err != nil {
		t.Errorf("ProxyCommand(%q): error = %v, want none", word, err)
		return
	}
	if err := os.WriteFile(config, []byte("Host x\n  ProxyCommand "+command+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), ssh, "-F", config, "x", "true")
	cmd.Env, cmd.Dir = []string{"SHELL=" + shell, "PATH=/usr/bin:/bin", "HOME=" + dir}, dir
	var said bytes.Buffer
	cmd.Stderr = &said
	_ = cmd.Run() // the note speaks no SSH
	got, err := os.ReadFile(noted)
	if err != nil {
		t.Errorf("ProxyCommand %s in %s: error = %v, want none: %s", command, shell, err, said.String())
		return
	}
	if diff := cmp.Diff([]string{"-C", word, "-m", "dev", ""}, strings.Split(string(got), "\x00")); diff != "" {
		t.Errorf("ProxyCommand %s in %s: arguments (-want +got):\n%s", command, shell, diff)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*PWNED*")); err != nil || len(left) > 0 {
		t.Errorf("ProxyCommand %s in %s ran what the name says: files %q, error = %v, want none", command, shell, left, err)
	}
}

func TestProxyCommandText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		goos, want string
		args       []string
	}{
		{"linux", "/usr/bin/fbdock -C /home/me/src -m dev agent-stdio", []string{"/usr/bin/fbdock", "-C", "/home/me/src", "-m", "dev", "agent-stdio"}},
		{"freebsd", `sh -c 'exec '\''fbdock'\'' -C '\''/a b'\'''`, []string{"fbdock", "-C", "/a b"}},
		{"windows", `"C:/Program Files/fbdock.exe" -C "C:/100%% (new)"`, []string{`C:\Program Files\fbdock.exe`, "-C", `C:\100% (new)`}},
	} {
		if got, err := link.ProxyCommand(tt.goos, tt.args); err != nil || got != tt.want {
			t.Errorf("ProxyCommand(%q, %q) = %s, %v, want %s", tt.goos, tt.args, got, err, tt.want)
		}
	}
	for _, word := range []string{"$(touch PWNED)", "`touch PWNED`", "a\nb", `a"b`} {
		var quote *link.QuoteError
		if got, err := link.ProxyCommand("windows", []string{word}); !errors.As(err, &quote) || quote.Hint() == "" {
			t.Errorf("ProxyCommand(windows, %q) = %q, %v, want a QuoteError", word, got, err)
		}
	}
}

// FuzzConfigWord compares with what the real ssh reads. A text that is
// refused is none that ssh would have read back.
func FuzzConfigWord(f *testing.F) {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		f.Skipf("ssh is not installed: %v", err)
	}
	for _, word := range hostile() {
		f.Add(word)
	}
	for _, word := range []string{"a b/c", `C:\Users\x`, `a\\b\`, `it's`, "50%", "$HOME", "${HOME}", "a\\'b", "a#b", " a ", "="} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		path := "/" + word
		if len(path) > 500 || strings.HasPrefix(path, "//") {
			return
		}
		quoted, err := link.ConfigWord(path, true)
		if err != nil {
			if _, refused := errors.AsType[*link.QuoteError](err); !refused {
				t.Fatalf("ConfigWord(%q): error = %v, want a QuoteError or none", path, err)
			}
			return
		}
		if strings.ContainsAny(quoted, "\n\r\x00") {
			t.Fatalf("ConfigWord(%q) = %q, want one line", path, quoted)
		}
		config := filepath.Join(t.TempDir(), "config")
		text := "Host x\n  UserKnownHostsFile " + quoted + "\n  User marker\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), ssh, "-G", "-F", config, "x")
		cmd.Env = []string{"HOME=/h", "PATH=/usr/bin:/bin"}
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("ssh -G of %q: error = %v, want none: %s", text, err, said.String())
		}
		if !strings.Contains(string(out), "\nuser marker\n") && !strings.HasPrefix(string(out), "user marker\n") {
			t.Errorf("ssh -G with %q does not print user marker, want the next line read", quoted)
		}
		if !strings.Contains("\n"+string(out), "\nuserknownhostsfile "+path+"\n") {
			t.Errorf("ConfigWord(%q) = %s, ssh -G prints %q, want the path", path, quoted, grep(string(out), "userknownhostsfile"))
		}
	})
}

func grep(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, word) {
			return line
		}
	}
	return ""
}
