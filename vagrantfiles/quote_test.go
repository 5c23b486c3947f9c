package vagrantfiles

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", `""`},
		{"bento/freebsd-15", `"bento/freebsd-15"`},
		{"~> 202510.26", `"~> 202510.26"`},
		{`it's`, `"it's"`},
		{`C:\Users\x`, `"C:\\Users\\x"`},
		{`"; exit; "`, `"\"; exit; \""`},
		{"#{exit}", `"\#{exit}"`},
		{"#$0 #@x", `"\#$0 \#@x"`},
		{"a\nb\tc\r", `"a\nb\tc\x0D"`},
		{"Zoë", `"Zoë"`},
		{"Zoë\n", `"Zo\xC3\xAB\n"`},
		{"\x00\x7f\xff", `"\x00\x7F\xFF"`},
		{"\u202eevil", `"\xE2\x80\xAEevil"`}, // right-to-left override
		{"a\u2028b\u00a0c", `"a\xE2\x80\xA8b\xC2\xA0c"`},
	}
	for _, tt := range tests {
		if got := quote(tt.in); got != tt.want {
			t.Errorf("quote(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// lex reads the Ruby literal that src begins with: its value and what
// follows. It knows only what quote may write and fails on anything else,
// above all on a # that could begin an interpolation.
func lex(src string) (value, rest string, err error) {
	if !strings.HasPrefix(src, `"`) {
		return "", "", fmt.Errorf("no opening quote")
	}
	var b strings.Builder
	for i := 1; i < len(src); i++ {
		switch c := src[i]; {
		case c == '"':
			return b.String(), src[i+1:], nil
		case c == '#':
			return "", "", fmt.Errorf("bare # at %d", i)
		case c < 0x20 || c == 0x7f:
			return "", "", fmt.Errorf("control byte 0x%02x at %d", c, i)
		case c != '\\':
			b.WriteByte(c)
		default:
			i++
			if i >= len(src) {
				return "", "", fmt.Errorf("ends in an escape")
			}
			n, err := escapeByte(src[i:], &b)
			if err != nil {
				return "", "", err
			}
			i += n
		}
	}
	return "", "", fmt.Errorf("no closing quote")
}

// escapeByte reads an escape behind its backslash and says how many bytes
// it has beyond the first.
func escapeByte(src string, b *strings.Builder) (int, error) {
	switch src[0] {
	case 'n':
		b.WriteByte('\n')
	case 't':
		b.WriteByte('\t')
	case '"', '\\', '#':
		b.WriteByte(src[0])
	case 'x':
		if len(src) < 3 {
			return 0, fmt.Errorf("short \\x")
		}
		n, err := strconv.ParseUint(src[1:3], 16, 8)
		if err != nil {
			return 0, err
		}
		b.WriteByte(byte(n))
		return 2, nil
	default:
		return 0, fmt.Errorf("escape \\%c", src[0])
	}
	return 0, nil
}

func FuzzRubyQuote(f *testing.F) {
	for _, s := range hard() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		literal := quote(s)
		value, rest, err := lex(literal)
		if err != nil || rest != "" || value != s {
			t.Errorf("quote(%q) = %s, which reads %q, then %q, %v, want the same text", s, literal, value, rest, err)
		}
	})
}

func hard() []string {
	return []string{
		"", "a b", `'`, `"`, `\`, `\\`, `\"`, "#", "#{system 'id'}", "#$PROGRAM_NAME", "#@a", `\#{1}`, "%q(x)", "`id`",
		"line\nline", "\r\n", "\x00", "\xff\xfe", "Zoë", "日本", "\u202e", "\u2028", "end\nend\nexit", "__END__", "\n__END__\n",
		"=begin\n", "SH\n", "\x1a", "\x04", `" + exit! + "`, "🐡", "a\u0301", "\ufeff",
	}
}

// Ruby itself is the judge of the hard ones.
func TestRubyReadsTheLiterals(t *testing.T) {
	t.Parallel()
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skipf("ruby is not installed: %v", err)
	}
	var b strings.Builder
	for _, s := range hard() {
		fmt.Fprintf(&b, "puts(%s.unpack1('H*'))\n", quote(s))
	}
	script := filepath.Join(t.TempDir(), "literals.rb")
	if err := os.WriteFile(script, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), ruby, "-w", script).CombinedOutput()
	if err != nil {
		t.Fatalf("ruby -w: %v, want no error\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != len(hard()) {
		t.Fatalf("ruby printed %d lines, want %d, one for each literal:\n%s", len(lines), len(hard()), out)
	}
	for i, s := range hard() {
		if want := fmt.Sprintf("%x", s); lines[i] != want {
			t.Errorf("quote(%q) read by Ruby = %s, want %s", s, lines[i], want)
		}
	}
}
