package untrusted_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/untrusted"
)

// endless is a stream without an end, and counts what is read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestReader(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "123", "1234"} {
		data, err := io.ReadAll(untrusted.NewReader(iotest.OneByteReader(strings.NewReader(text)), "it", 4))
		if string(data) != text || err != nil {
			t.Errorf("NewReader(%q, 4) reads %q, %v, want the same text", text, data, err)
		}
	}
	from := &endless{}
	data, err := io.ReadAll(untrusted.NewReader(from, "the list of containers", 1<<20))
	large, ok := errors.AsType[*untrusted.TooLargeError](err)
	if !ok || len(data) != 1<<20 || from.read != 1<<20+1 {
		t.Fatalf("NewReader() of an endless stream: %d bytes, %d read, %v, want 1 MiB, 1 byte more and a TooLargeError", len(data), from.read, err)
	}
	if got, want := large.Error(), "the list of containers is larger than 1 MiB"; got != want || large.Hint() == "" {
		t.Errorf("TooLargeError.Error() = %q, want %q", got, want)
	}
	broken := errors.New("broken")
	if _, err := io.ReadAll(untrusted.NewReader(io.MultiReader(strings.NewReader("1234"), iotest.ErrReader(broken)), "it", 4)); !errors.Is(err, broken) {
		t.Errorf("NewReader() of a broken stream: error = %v, want %v", err, broken)
	}
}

func TestReaderRenew(t *testing.T) {
	t.Parallel()
	r := untrusted.NewReader(&endless{}, "it", 10)
	buffer := make([]byte, 10)
	for range 5 {
		if n, err := io.ReadFull(r, buffer); n != 10 || err != nil {
			t.Fatalf("ReadFull() after Renew = %d, %v, want 10", n, err)
		}
		r.Renew()
	}
}

func TestBuffer(t *testing.T) {
	t.Parallel()
	b := &untrusted.Buffer{What: "the answer", Limit: 10}
	for _, text := range []string{"12345", "67890"} {
		if n, err := io.WriteString(b, text); n != 5 || err != nil {
			t.Errorf("Write(%q) = %d, %v, want 5", text, n, err)
		}
	}
	if _, err := io.WriteString(b, "1"); !untrusted.IsTooLarge(err) || !strings.Contains(err.Error(), "the answer is larger than 10 bytes") {
		t.Errorf("Write() of one byte too many: error = %v, want a TooLargeError of 10 bytes", err)
	}
	if b.String() != "1234567890" {
		t.Errorf("Buffer holds %q, want \"1234567890\"", b)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	tail := &untrusted.Tail{Limit: 4}
	for _, text := range []string{"ab", "cdef", "g", strings.Repeat("-", 1000) + "hijk", "l"} {
		if n, err := io.WriteString(tail, text); n != len(text) || err != nil {
			t.Errorf("Write(%q) = %d, %v, want %d", text, n, err, len(text))
		}
	}
	if tail.String() != "ijkl" || !tail.Lost() {
		t.Errorf("Tail holds %q, Lost() = %v, want \"ijkl\", true", tail, tail.Lost())
	}
	whole := &untrusted.Tail{Limit: 4}
	_, _ = io.WriteString(whole, "abcd")
	if whole.String() != "abcd" || whole.Lost() {
		t.Errorf("Tail holds %q, Lost() = %v, want \"abcd\", false", whole, whole.Lost())
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	const text = "one\r\n\ntwo\n12345678\n123456789\n\r\nlast"
	want := []untrusted.Line{
		{Text: "one"}, {}, {Text: "two"}, {Text: "12345678"}, {Text: "12345678", Cut: true}, {}, {Text: "last", Open: true},
	}
	for size := 1; size <= len(text); size++ {
		var got []untrusted.Line
		lines := &untrusted.Lines{Max: 8, Each: func(l untrusted.Line) error {
			got = append(got, l)
			return nil
		}}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			if wrote, err := io.WriteString(lines, rest[:n]); wrote != n || err != nil {
				t.Fatalf("Write() of %d bytes = %d, %v, want all and no error", n, wrote, err)
			}
			rest = rest[n:]
		}
		if err := lines.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("written %d bytes at a time (-want +got):\n%s", size, diff)
		}
	}
}

func TestLinesStop(t *testing.T) {
	t.Parallel()
	enough, seen := errors.New("enough"), 0
	lines := &untrusted.Lines{Each: func(untrusted.Line) error {
		if seen++; seen == 2 {
			return enough
		}
		return nil
	}}
	if n, err := io.WriteString(lines, "a\nb\nc\n"); n != 4 || !errors.Is(err, enough) || seen != 2 {
		t.Errorf("Write() = %d after %d lines, %v, want 4, 2, %v", n, seen, err, enough)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain\ttext\n":   "plain\ttext\n",
		`C:\Users\Zoë`:    `C:\Users\Zoë`,
		"\x1b[31mred\x07": `\x1b[31mred\a`,
		"\u009b2J\x7f\r":  `\u009b2J\x7f\r`,
		"a\u202ecod.exe":  `a\u202ecod.exe`,
		"\xff\xfe":        `\xff\xfe`,
		"\ufffd":          `�`,
		"zero\u200bwidth": `zero\u200bwidth`,
	} {
		if got := untrusted.Printable(text); got != want {
			t.Errorf("Printable(%q) = %q, want %q", text, got, want)
		}
	}
}

// FuzzPrintable: nothing that a terminal obeys is left, and what is harmless
// stays as it is.
func FuzzPrintable(f *testing.F) {
	for _, text := range []string{"plain", "\x1b]0;title\x07", "\xc2\x9b2J", "\xed\xa0\x80", "a\r\nb"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := untrusted.Printable(text)
		for _, r := range got {
			if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
				t.Fatalf("Printable(%q) = %q, want no %U", text, got, r)
			}
		}
		if again := untrusted.Printable(got); again != got {
			t.Fatalf("Printable() = %q, of that %q, want the same", got, again)
		}
	})
}

func TestShort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"  short \n":             "short",
		"first\nsecond\nthird\n": "... third",
		"0123456789abcdef":       "... 6789abcdef",
	} {
		if got := untrusted.Short(text, 10); got != want {
			t.Errorf("Short(%q, 10) = %q, want %q", text, got, want)
		}
	}
}
