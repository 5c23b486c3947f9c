package hcl

import (
	"bytes"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format is src in the usual layout. Formatting again changes nothing, and
// what the file means stays the same. A file that is no HCL is refused.
func Format(filename string, src []byte) ([]byte, Diagnostics) {
	d := newDecoder(filename, Options{})
	if _, ok := d.parse(filename, src); !ok {
		return nil, d.c.result()
	}
	text := d.sources[filename]
	return settled(text), nil
}

// settled formats until nothing changes any more. The library moves blanks
// only; where it moved more, or does not come to rest, the text stays as it was.
func settled(text []byte) []byte {
	const most = 5
	before := text
	for range most {
		after := hclwrite.Format(before)
		if bytes.Equal(after, before) {
			return after
		}
		if !sameTokens(text, after) {
			return text
		}
		before = after
	}
	return text
}

// sameTokens compares two texts but for the blanks between tokens.
func sameTokens(a, b []byte) bool {
	left, _ := hclsyntax.LexConfig(a, "", hclv2.InitialPos)
	right, _ := hclsyntax.LexConfig(b, "", hclv2.InitialPos)
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if left[i].Type != right[i].Type || !bytes.Equal(trimmed(left[i]), trimmed(right[i])) {
			return false
		}
	}
	return true
}

// trimmed is a token without what carries no meaning: the blanks that end
// a comment, and those before the word that closes a heredoc.
func trimmed(t hclsyntax.Token) []byte {
	if t.Type == hclsyntax.TokenComment || t.Type == hclsyntax.TokenCHeredoc {
		return bytes.TrimSpace(t.Bytes)
	}
	return t.Bytes
}
