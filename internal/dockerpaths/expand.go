package dockerpaths

import "strings"

// expand puts variables in as compose does: $NAME, ${NAME}, ${NAME:-other},
// ${NAME-other}, ${NAME:?words}, ${NAME:+other} and $$. It is false when a
// variable is not known, or the text is none of this.
func expand(text string, lookup func(string) (string, bool)) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		if after, ok := strings.CutPrefix(rest, "$"); ok {
			b.WriteByte('$')
			text = after
			continue
		}
		value, after, ok := variable(rest, lookup)
		if !ok {
			return "", false
		}
		b.WriteString(value)
		text = after
	}
}

// variable is the value of the variable that text begins with, behind its $.
func variable(text string, lookup func(string) (string, bool)) (value, rest string, ok bool) {
	inner, braces := strings.CutPrefix(text, "{")
	n := 0
	for n < len(inner) && (inner[n] == '_' || letterOrDigit(inner[n])) {
		n++
	}
	name, rest := inner[:n], inner[n:]
	if name == "" {
		return "", "", false
	}
	value, known := lookup(name)
	if !braces {
		return value, rest, known
	}
	word, rest, closed := closing(rest)
	if !closed {
		return "", "", false
	}
	if word == "" {
		return value, rest, known
	}
	given := known
	if after, colon := strings.CutPrefix(word, ":"); colon {
		word, given = after, known && value != ""
	}
	if word == "" {
		return "", "", false
	}
	other := word[1:]
	switch word[0] {
	case '-':
		if !given {
			value, known = expand(other, lookup)
		}
	case '+':
		if value = ""; given {
			value, known = expand(other, lookup)
		} else {
			known = true
		}
	case '?':
		known = given
	default:
		known = false
	}
	return value, rest, known
}

// closing cuts at the brace that closes, past pairs of braces in between.
func closing(text string) (word, rest string, ok bool) {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return text[:i], text[i+1:], true
			}
			depth--
		}
	}
	return "", "", false
}

func letterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
