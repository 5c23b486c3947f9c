package hostshell_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/platforms/hostshell"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		shell hostshell.Shell
		args  []string
		want  string
	}{
		{hostshell.POSIX, []string{"fbdock", "-C", "/home/a b", "up"}, `fbdock -C '/home/a b' up`},
		{hostshell.POSIX, []string{"echo", "it's", "", "$HOME"}, `echo 'it'\''s' '' '$HOME'`},
		{hostshell.PowerShell, []string{"fbdock", "-C", `C:\My Projects`, "up"}, `fbdock -C 'C:\My Projects' up`},
		{hostshell.PowerShell, []string{`C:\Program Files\x.exe`, "it's", "$env:A", "a,b", "@x"}, `& 'C:\Program Files\x.exe' 'it''s' '$env:A' 'a,b' '@x'`},
		{hostshell.PowerShell, []string{"x", "-a.b", "O\u2019Neil"}, "x '-a.b' 'O\u2019\u2019Neil'"},
		{hostshell.PowerShell, []string{"dism.exe", "/Online", "/FeatureName:Microsoft-Hyper-V"}, "dism.exe /Online /FeatureName:Microsoft-Hyper-V"},
		{hostshell.Cmd, []string{"fbdock", "-C", `C:\My Projects`, "a&b", "", "it's"}, `fbdock -C "C:\My Projects" "a&b" "" "it's"`},
		{hostshell.Cmd, []string{"x", `C:\a b\`, "100%", `say "hi"`}, `x "C:\a b\\" ^"100^%^" ^"say \^"hi\^"^"`},
	} {
		if got, err := hostshell.Quote(tt.shell, tt.args...); err != nil || got != tt.want {
			t.Errorf("Quote(%s, %q) = %s, %v, want %s", tt.shell, tt.args, got, err, tt.want)
		}
	}
	for _, tt := range []struct {
		shell hostshell.Shell
		arg   string
	}{
		{hostshell.POSIX, "a\nb"}, {hostshell.Cmd, "a\rb"}, {hostshell.PowerShell, "a\x00"},
		{hostshell.PowerShell, ""}, {hostshell.PowerShell, `say "hi"`}, {hostshell.PowerShell, `C:\a b\`},
	} {
		_, err := hostshell.Quote(tt.shell, "x", tt.arg)
		if e, ok := errors.AsType[*hostshell.QuoteError](err); !ok || e.Arg != tt.arg || e.Error() == "" {
			t.Errorf("Quote(%s, x, %q): error = %v, want a QuoteError", tt.shell, tt.arg, err)
		}
	}
	if _, err := hostshell.Quote("fish", "x"); err == nil {
		t.Error("Quote(fish, x): no error, want one")
	}
}

func TestShellOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		goos string
		env  map[string]string
		want hostshell.Shell
	}{
		{"linux", nil, hostshell.POSIX}, {"darwin", map[string]string{"PROMPT": "%"}, hostshell.POSIX},
		{"windows", nil, hostshell.PowerShell}, {"windows", map[string]string{"PROMPT": "$P$G"}, hostshell.Cmd},
		{"windows", map[string]string{"PROMPT": "$P$G", "MSYSTEM": "MINGW64"}, hostshell.POSIX},
	} {
		if got := hostshell.ShellOf(tt.goos, func(n string) string { return tt.env[n] }); got != tt.want {
			t.Errorf("%s %v: %s, want %s", tt.goos, tt.env, got, tt.want)
		}
	}
}

// fields models CommandLineToArgvW for what follows the program's name.
func fields(line string) []string {
	var args []string
	var arg strings.Builder
	quoted, some, slashes := false, false, 0
	for _, c := range line {
		if c == '\\' {
			slashes++
			continue
		}
		if c == '"' {
			arg.WriteString(strings.Repeat(`\`, slashes/2))
			if slashes%2 == 1 {
				arg.WriteByte('"')
			} else {
				quoted = !quoted
			}
			some, slashes = true, 0
			continue
		}
		arg.WriteString(strings.Repeat(`\`, slashes))
		some, slashes = some || slashes > 0, 0
		if c == ' ' && !quoted {
			if some {
				args = append(args, arg.String())
			}
			arg.Reset()
			some = false
			continue
		}
		arg.WriteRune(c)
		some = true
	}
	arg.WriteString(strings.Repeat(`\`, slashes))
	if some || slashes > 0 {
		args = append(args, arg.String())
	}
	return args
}

// cmdReads models what cmd makes of a line at its prompt: percent signs
// first, whether quoted or not, then carets outside of quotes. It fails on
// what would redirect or chain.
func cmdReads(t *testing.T, line string, env map[string]string) string {
	t.Helper()
	for from := 0; ; {
		i := strings.IndexByte(line[from:], '%')
		if i < 0 {
			break
		}
		i += from
		j := strings.IndexByte(line[i+1:], '%')
		if j < 0 {
			break
		}
		if value, ok := env[line[i+1:i+1+j]]; ok {
			line = line[:i] + value + line[i+j+2:]
		} else {
			from = i + 1 + j
		}
	}
	var b strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '^' && !quoted && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		case c == '"':
			quoted = !quoted
			b.WriteByte(c)
		case strings.IndexByte("&|<>()", c) >= 0 && !quoted:
			t.Fatalf("cmd acts on %c in %s, want it quoted", c, line)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// powershellReads models single quotes and bare words.
func powershellReads(line string) []string {
	var args []string
	var arg strings.Builder
	quoted, runes := false, []rune(line)
	for i := 0; i < len(runes); i++ {
		switch c := runes[i]; {
		case strings.ContainsRune("'\u2018\u2019\u201a\u201b", c) && quoted && i+1 < len(runes) && strings.ContainsRune("'\u2018\u2019\u201a\u201b", runes[i+1]):
			arg.WriteRune(c)
			i++
		case c == '\'':
			quoted = !quoted
		case c == ' ' && !quoted:
			args = append(args, arg.String())
			arg.Reset()
		default:
			arg.WriteRune(c)
		}
	}
	return append(args, arg.String())
}

// names that real files have, and that shells stumble over.
func names() []string {
	return []string{
		"Users", "a b", "Zoë", "日本語", "C", "$RECYCLE.BIN", "%PATH%", "it's", "a&b", "(x86)", "~", "-v", "a,b=c", "#hash", "!bang", "100%", "[x]",
		"{y}", "`tick`", "^caret", ";", "🐡", "a.b", "..x", "e\u0301", "wsl$", strings.Repeat("長", 80),
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range append(names(), `C:\Program Files\a`, `a\`, `\"`, `"`, "%A%", "^%A^%", `"&calc&"`, `\\s\h\`, "'", "\u2019", "a%A%b%A", "-a:b", "&", "&&", "$(id)") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if line, err := hostshell.Quote(hostshell.Cmd, "x", s, "y"); err == nil {
			if got := fields(cmdReads(t, line, map[string]string{"A": "expanded", "PATH": `C:\`})); !slices.Equal(got, []string{"x", s, "y"}) {
				t.Errorf("Quote(Cmd, %q) = %s, which reads %q, want the same argument", s, line, got)
			}
		}
		if line, err := hostshell.Quote(hostshell.PowerShell, "x", s, "y"); err == nil {
			if got := powershellReads(line); !slices.Equal(got, []string{"x", s, "y"}) {
				t.Errorf("Quote(PowerShell, %q) = %s, which reads %q, want the same argument", s, line, got)
			}
		}
	})
}

// A real shell reads the POSIX form.
func TestQuoteInRealShell(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	for _, s := range append(names(), "", "$HOME", `\`, `"`, "a'b''c", "*", "?", "~x", "a=b", "&&", "|") {
		line, err := hostshell.Quote(hostshell.POSIX, "printf", "%s", s)
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), sh, "-c", line).Output()
		if err != nil || string(out) != s {
			t.Errorf("Quote(POSIX, %q) = %s, which sh reads as %q, %v, want the same argument", s, line, out, err)
		}
	}
}
