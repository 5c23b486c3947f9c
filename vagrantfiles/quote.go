package vagrantfiles

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote writes s as a Ruby literal that stands for exactly these bytes. It
// holds in any place where Ruby takes an expression.
//
// What a person would write plainly stays plain. All else becomes escapes
// in ASCII: a line break would be at the mercy of the reader's line ends,
// and what cannot be seen cannot be reviewed.
func quote(s string) string {
	if plain(s) {
		return `"` + s + `"`
	}
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"', c == '\\', c == '#': // # begins #{}, #$ and #@
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20, c >= 0x7f:
			fmt.Fprintf(&b, `\x%02X`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// plain tells whether nothing in s means anything between double quotes.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '"' || r == '\\' || r == '#' || r == utf8.RuneError || (r != ' ' && !unicode.IsGraphic(r)) || (r > 0x7f && unicode.IsSpace(r))
	})
}
