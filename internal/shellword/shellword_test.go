package shellword_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/fbdock/fbdock/internal/shellword"
)

// FuzzQuote: what is quoted is one word of sh, which means the text again.
func FuzzQuote(f *testing.F) {
	for _, text := range []string{"", "a b", "it's", "''", "$HOME `id` \\", "a\nb", "!x", "~"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\x00\r") || !utf8.ValidString(text) {
			t.Skip("no argument holds a NUL, and the parser drops carriage returns and refuses what is no UTF-8; a shell does not")
		}
		var words []*syntax.Word
		parser := syntax.NewParser(syntax.Variant(syntax.LangPOSIX))
		for w, err := range parser.WordsSeq(bytes.NewBufferString(shellword.Quote(text))) {
			if err != nil {
				t.Fatalf("Quote(%q) = %s: %v, want no error", text, shellword.Quote(text), err)
			}
			words = append(words, w)
		}
		if len(words) != 1 {
			t.Fatalf("Quote(%q) = %s, which is %d words, want 1", text, shellword.Quote(text), len(words))
		}
		if got, err := expand.Fields(&expand.Config{}, words[0]); err != nil || len(got) != 1 || got[0] != text {
			t.Errorf("Quote(%q) reads as %q, %v, want the same text", text, got, err)
		}
	})
}
