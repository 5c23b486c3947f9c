package link_test

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/link"
)

// awkward are words that shells like to read something into.
func awkward() [][]string {
	all := make([]byte, 0, 255)
	for b := 1; b < 256; b++ {
		all = append(all, byte(b))
	}
	return [][]string{
		{"a"}, {""}, {"", ""}, {"a b", " ", "\t"}, {"'"}, {`'\''`}, {`"$HOME" $(id) ` + "`id`"},
		{"!"}, {"!!", "!$", "a!b", `\!`}, {"\n"}, {"a\nb\n\n"}, {"\r\n"}, {`\`}, {`\\`, `\n`, `a\`},
		{"%s", "%%", "%d%n"}, {"~", "~root", "a=~"}, {"*", "?", "[a-z]*"}, {"{a,b}", "^a", "a^b^"},
		{"-n", "--", "-e"}, {"if", "then"}, {"#", "a#b"}, {";", "&", "|", "<", ">"}, {"@", "=", "a=b"},
		{"\x01\x7f\x80\xff"}, {"h\u00e9llo \u4e16\u754c \U0001f600"}, {string(all)}, {strings.Repeat("x!'\n", 3000)},
		{"$0", "$$", "${x:-y}"}, {`\047`, `\\047`, `\0`},
	}
}

// TestQuoteInShells asks real shells: what is sent must arrive, whatever
// the user's login shell is.
func TestQuoteInShells(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"sh", "dash", "bash", "tcsh", "csh", "zsh", "fish", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("no %s here (apt-get install %s)", shell, shell)
			}
			argv := []string{program, "-c"}
			if shell == "busybox" {
				argv = []string{program, "sh", "-c"}
			}
			for _, words := range awkward() {
				line, err := link.Line(link.Command{Args: append([]string{"printf", `%s\0`}, words...)})
				if err != nil {
					t.Fatal(err)
				}
				if shell == "csh" && len(line) > 2000 {
					continue // 4.4BSD's own csh bounds a word; FreeBSD's is tcsh
				}
				arrived(t, append(argv, line), words)
			}
		})
	}
}

func arrived(t *testing.T, argv, want []string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	var eut bytes.Buffer
	cmd.Stderr = &eut
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%q with %q: error = %v, want none: %s", argv[0], want, err, eut.String())
		return
	}
	got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%q: arguments (-want +got):\n%s", argv[0], diff)
	}
}

func TestQuoteText(t *testing.T) {
	t.Parallel()
	got, err := link.Quote([]string{"docker", "run", "a b", "", "it's", "--x=~", "a/b:c"})
	if want := `'docker' run 'a b' '' 'it'\''s' '--x=~' a/b:c`; err != nil || got != want {
		t.Errorf("Quote() = %s, %v, want %s", got, err, want)
	}
	if _, err := link.Quote([]string{"a", "b\x00"}); !errors.Is(err, link.ErrNUL) {
		t.Errorf("Quote() with a NUL: error = %v, want ErrNUL", err)
	}
}

// FuzzQuote sends words through a real sh, both as they are quoted and as
// the login shell gets them.
func FuzzQuote(f *testing.F) {
	for _, words := range awkward() {
		f.Add(strings.Join(words, "\x00"))
	}
	f.Fuzz(func(t *testing.T, joined string) {
		if len(joined) > 30000 {
			return // the kernel bounds one argument at 128 KiB
		}
		words := strings.Split(joined, "\x00")
		quoted, err := link.Quote(words)
		if err != nil {
			t.Fatal(err)
		}
		arrived(t, []string{"/bin/sh", "-c", `printf '%s\0' ` + quoted}, words)
		line, err := link.Line(link.Command{Args: append([]string{"printf", `%s\0`}, words...)})
		if err != nil {
			t.Fatal(err)
		}
		arrived(t, []string{"/bin/sh", "-c", line}, words)
		for i := range len(line) {
			if c := line[i]; c < ' ' || c > '~' || c == '!' {
				t.Fatalf("Line() has byte %#x, want only printable ASCII without !", c)
			}
		}
	})
}
