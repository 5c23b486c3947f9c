package hostshell_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/fbdock/fbdock/platforms/hostshell"
)

const printArgs = "FBDOCK_TEST_PRINT_ARGS"

// TestPrintArgs is the program that the shells below start.
func TestPrintArgs(t *testing.T) {
	if os.Getenv(printArgs) == "" {
		t.Skip("only started by the others")
	}
	out, err := json.Marshal(flag.Args())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\nargs %s\n", out)
}

// through gives what a program gets when a shell reads the quoted command.
func through(t *testing.T, shell hostshell.Shell, start func(line string) *exec.Cmd, args []string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	line, err := hostshell.Quote(shell, append([]string{exe, "-test.run=TestPrintArgs", "--"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	c := start(line)
	c.Env = append(os.Environ(), printArgs+"=1", "A=expanded")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v, want no error\n%s", line, err, out)
	}
	for text := range strings.Lines(string(out)) {
		if data, ok := strings.CutPrefix(strings.TrimSpace(text), "args "); ok {
			var got []string
			if err := json.Unmarshal([]byte(data), &got); err != nil {
				t.Fatal(err)
			}
			return got
		}
	}
	t.Fatalf("%s printed no arguments, want them:\n%s", line, out)
	return nil
}

func wine() bool { return syscall.NewLazyDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil }

func TestQuoteInRealCmd(t *testing.T) {
	args := append(names(), "", "%A%", `say "hi"`, `C:\a b\`, "a&b", "a|b", "<x>", `"&calc&"`, "^%A^%", "50% of %A%")
	if wine() {
		// Windows' cmd looks for a variable PATH^ in ^%PATH^%, and leaves it as
		// there is none; Wine's takes the caret away first.
		args = slices.DeleteFunc(args, func(s string) bool { return strings.Count(s, "%") > 1 })
	}
	got := through(t, hostshell.Cmd, func(line string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), "cmd.exe")
		c.SysProcAttr = &syscall.SysProcAttr{CmdLine: `cmd.exe /d /s /c "` + line + `"`}
		return c
	}, args)
	for i, arg := range args {
		if i >= len(got) || got[i] != arg {
			t.Fatalf("cmd passes the arguments %q, want %q next", got[min(i, len(got)):], arg)
		}
	}
}

func TestQuoteInRealPowerShell(t *testing.T) {
	for _, name := range []string{"powershell.exe", "pwsh.exe"} {
		if _, err := exec.LookPath(name); err != nil {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), name, "-NoProfile", "-Command", "'al'+'ive'").Output(); err != nil || !strings.Contains(string(out), "alive") {
			continue // Wine has one that does nothing
		}
		// The pipe's code page, not the quoting, decides over what is not ASCII.
		args := slices.DeleteFunc(names(), func(s string) bool { return strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e }) })
		got := through(t, hostshell.PowerShell, func(line string) *exec.Cmd {
			c := exec.CommandContext(t.Context(), name, "-NoProfile", "-Command", "-")
			c.Stdin = strings.NewReader(line + "\r\n")
			return c
		}, args)
		if !slices.Equal(got, args) {
			t.Errorf("%s passes the arguments %q, want %q", name, got, args)
		}
	}
}
