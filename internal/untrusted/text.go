package untrusted

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable makes text harmless to show: what a terminal would obey or hide,
// such as control characters, escape sequences and changes of the writing
// direction, is written out as in Go (\x1b, \u202e), and bytes that are no
// UTF-8 likewise. Line breaks and tabs stay.
func Printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case !unprintable(r):
			b.WriteRune(r)
		case r == utf8.RuneError && invalidAt(text, i):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}

func unprintable(r rune) bool {
	return !unicode.IsPrint(r) && r != '\n' && r != '\t' || r == utf8.RuneError
}

func invalidAt(text string, i int) bool {
	_, width := utf8.DecodeRuneInString(text[i:])
	return width == 1
}
