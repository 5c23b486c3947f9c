// Package redact takes secrets out of text that is shown or written to a log:
// the user and password of URLs. Whatever fbdock prints, standard output,
// standard error and JSON alike, and whatever it logs, goes through it. What
// the guests need goes to them as it is. It knows nothing of what the text
// means.
package redact

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
)

// mask stands for what was taken out.
const mask = "***"

// Text takes the user and password out of all URLs in a text. Of the schemes
// of SSH the user stays: it is an account and not a secret.
func Text(text string) string {
	return replace(text, userinfo(text), func(string) string { return mask })
}

// URL is Text for a value that is an address as a whole, of which the scheme
// may be missing: curl and Go take HTTP_PROXY=user:password@proxy:3128.
func URL(address string) string {
	if strings.Contains(address, "://") {
		return Text(address)
	}
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return mask + address[i:]
	}
	return address
}

// Config is Text for lines of a configuration and sentences that quote it.
// Each byte stays where it is, so that a mark below a line fits, and a quoted
// "user:password@host" without a scheme is taken out, too.
func Config(text string) string {
	return replace(text, append(quoted(text), userinfo(text)...), func(secret string) string {
		return strings.Repeat("*", len(secret))
	})
}

// JSON is Text for the strings of a JSON text.
func JSON(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var b strings.Builder
	for {
		start := strings.IndexByte(text, '"')
		if start < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := literal(text[start:]) + start
		b.WriteString(text[:start])
		b.WriteString(value(text[start:end]))
		text = text[end:]
	}
}

// literal is the length of the string that text begins with.
func literal(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func value(quoted string) string {
	var text string
	if !strings.Contains(quoted, "://") || json.Unmarshal([]byte(quoted), &text) != nil {
		return quoted
	}
	shown := Text(text)
	if shown == text {
		return quoted
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(shown) != nil {
		return `"` + mask + `"`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// span is a part of a text.
type span struct{ from, to int }

// replace takes the spans out, which may overlap and stand in any order.
func replace(text string, secrets []span, by func(string) string) string {
	slices.SortFunc(secrets, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var b strings.Builder
	done := 0
	for _, s := range secrets {
		if s.from = max(s.from, done); s.from >= s.to {
			continue
		}
		b.WriteString(text[done:s.from])
		b.WriteString(by(text[s.from:s.to]))
		done = s.to
	}
	b.WriteString(text[done:])
	return b.String()
}

// userinfo finds the user and password of each URL: RFC 3986, section 3.2.1,
// and what people write instead of it. It takes time in proportion to the text,
// which a guest may have written.
func userinfo(text string) []span {
	var found []span
	for from := 0; ; {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return found
		}
		end := len(text)
		if n := strings.IndexFunc(text[from+i:], unicode.IsSpace); n >= 0 {
			end = from + i + n
		}
		found = append(found, userinfoOf(text, span{from, end})...)
		from = end
	}
}

// userinfoOf is userinfo of a part of the text whose URLs end with it or before:
// it has no white space behind the first "://".
func userinfoOf(text string, part span) []span {
	var found []span
	last := part.from + strings.LastIndexByte(text[part.from:part.to], '@')
	for from := part.from; ; {
		i := strings.Index(text[from:part.to], "://")
		if i < 0 {
			return found
		}
		scheme := schemeBefore(text[from : from+i])
		from += i + len("://")
		at := endOfUserinfo(text[from:part.to], last-from)
		if at < 0 {
			continue
		}
		s := span{from, from + at}
		if keepsUser(scheme) {
			colon := strings.IndexByte(text[s.from:s.to], ':')
			if colon < 0 {
				continue
			}
			s.from += colon + 1
		}
		if s.from < s.to {
			found = append(found, s)
		}
		from += at
	}
}

// endOfUserinfo is where the userinfo of what follows "://" ends, negative
// without one. last is where the last @ of it is, negative without one.
func endOfUserinfo(rest string, last int) int {
	authority := rest
	if end := strings.IndexAny(rest, "/?#\"<>`"); end >= 0 {
		authority = rest[:end]
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		return at
	}
	// A password with a character that ends an authority, or a URL: what
	// follows the colon is no port then.
	_, port, ok := strings.Cut(authority, ":")
	if !ok || strings.HasPrefix(authority, "[") || strings.Trim(port, "0123456789") == "" {
		return -1
	}
	return last
}

func schemeBefore(text string) string {
	rest := strings.TrimRightFunc(text, func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+.-", r)
	})
	return strings.ToLower(text[len(rest):])
}

func keepsUser(scheme string) bool {
	switch scheme {
	case "ssh", "sftp", "git+ssh", "ssh+git":
		return true
	}
	return false
}

// quoted finds the user and password of a quoted text without a scheme.
func quoted(text string) []span {
	var found []span
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '"')
		if i < 0 {
			return found
		}
		from += i + 1
		content, _, ok := strings.Cut(text[from:], `"`)
		at := strings.LastIndexByte(content, '@')
		if !ok || at <= 0 || strings.Contains(content, "://") || strings.ContainsFunc(content, unicode.IsSpace) {
			continue
		}
		user, _, pair := strings.Cut(content[:at], ":")
		if pair && !strings.ContainsAny(user, `/\`) {
			found = append(found, span{from, from + at})
			from += len(content) + 1
		}
	}
}
