package hcl

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/fbdock/fbdock/internal/hostfile"
)

// Limits of what is read. The HCL parser recurses with brackets and with
// operators (a file of 1 MiB of "!" needs 1 GB of stack), and a Go stack that
// overflows cannot be recovered from, so what is nested too deeply is refused
// before it is parsed. What the expressions of a file cost is its author's.
const (
	MaxFileSize  = hostfile.MaxConfig
	maxNesting   = 100
	maxOperators = 250
)

// readable checks what a text file of ours must be before the parser may
// see it. The returned source has no byte order mark; ok says go on.
func readable(file string, src []byte, c *collector) (text []byte, ok bool) {
	if len(src) > MaxFileSize {
		c.fail(startOf(file), "the file is too large",
			fmt.Sprintf("It has more than %d KiB; a configuration of fbdock has a few.", MaxFileSize>>10),
			"is this the right file?")
		return nil, false
	}
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		c.fail(startOf(file), "the file is UTF-16, not UTF-8", "", "save it as UTF-8 in your editor")
		return nil, false
	}
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(src, 0); i >= 0 {
		c.fail(byteRange(file, src, i, 1), "the file is binary: it has a NUL byte", "", "is this the right file?")
		return nil, false
	}
	if i := invalidUTF8(src); i >= 0 {
		c.fail(byteRange(file, src, i, 1), fmt.Sprintf("the byte 0x%02x is not UTF-8", src[i]), "",
			"save the file as UTF-8 in your editor")
		return nil, false
	}
	return src, true
}

func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// byteRange is the range of n bytes from offset i. Columns are counted in
// runes, which is near enough for what is not text.
func byteRange(file string, src []byte, i, n int) Range {
	line := 1 + bytes.Count(src[:i], []byte("\n"))
	start := 1 + bytes.LastIndexByte(src[:i], '\n')
	column := 1 + utf8.RuneCount(src[start:i])
	return Range{
		File:  file,
		Start: Pos{Line: line, Column: column, Byte: i},
		End:   Pos{Line: line, Column: column + n, Byte: i + n},
	}
}

// level is one open bracket, string or template of the source.
type level struct {
	open      hclsyntax.TokenType
	operators int
}

// nesting refuses what would recurse too deeply: brackets in brackets, and
// long chains of operators, which the parser turns into deep trees.
func nesting(file string, src []byte, c *collector) bool {
	tokens, _ := hclsyntax.LexConfig(src, file, hclv2.InitialPos)
	levels := []level{{open: hclsyntax.TokenNil}}
	for _, t := range tokens {
		top := &levels[len(levels)-1]
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			top.operators++ // x[0][0][0] nests as x+0+0+0 does
			if t.Type == hclsyntax.TokenTemplateInterp || t.Type == hclsyntax.TokenOQuote {
				top.operators-- // "${a}${b}" and [ "a", "b" ] do not
			}
			levels = append(levels, level{open: t.Type})
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if len(levels) > 1 {
				levels = levels[:len(levels)-1]
			}
		case hclsyntax.TokenComma:
			top.operators = 0
		case hclsyntax.TokenNewline:
			if top.open != hclsyntax.TokenOParen && top.open != hclsyntax.TokenOBrack {
				top.operators = 0
			}
		default:
			if isOperator(t.Type) {
				top.operators++
			}
		}
		if len(levels) > maxNesting || levels[len(levels)-1].operators > maxOperators || top.operators > maxOperators {
			c.fail(rangeOf(t.Range), "the configuration nests too deeply",
				fmt.Sprintf("At most %d brackets may be open at once, and at most %d operators stand in one expression.",
					maxNesting, maxOperators), "")
			return false
		}
	}
	return true
}

func isOperator(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenIdent, hclsyntax.TokenStringLit, hclsyntax.TokenQuotedLit, hclsyntax.TokenEqual,
		hclsyntax.TokenComment, hclsyntax.TokenEOF, hclsyntax.TokenInvalid, hclsyntax.TokenBadUTF8:
		return false
	}
	return true
}
