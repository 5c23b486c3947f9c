package link

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/shellword"
)

// ErrNUL says that a word holds a NUL byte, which no argument of a program can.
var ErrNUL = errors.New("an argument cannot hold a NUL byte")

// Quote writes args as words of a POSIX sh command line, in which every byte
// but NUL stands for itself.
func Quote(args []string) (string, error) {
	var b strings.Builder
	for i, arg := range args {
		if strings.IndexByte(arg, 0) >= 0 {
			return "", fmt.Errorf("argument %d: %w", i+1, ErrNUL)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		// A bare first word could be an alias, or one of sh's own like "if".
		if i > 0 && arg != "" && strings.Trim(arg, bare) == "" {
			b.WriteString(arg)
		} else {
			b.WriteString(shellword.Quote(arg))
		}
	}
	return b.String(), nil
}

// QuoteWord is a word of a POSIX sh command line, in which every byte but NUL
// stands for itself.
func QuoteWord(word string) (string, error) {
	if strings.IndexByte(word, 0) >= 0 {
		return "", ErrNUL
	}
	return shellword.Quote(word), nil
}

// bare are the bytes that no shell treats specially inside a word. "=" and
// "~" are not among them: sh reads them at some places.
const bare = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:,@%+"

// wrap makes a sh script safe to hand to any login shell, which is what
// sshd gives a command line to: `exec sh -c '...'`. sh, csh, tcsh and fish
// agree on that as long as the quoted part has only plain ASCII. csh looks
// for history (!) and ends words at newlines even in single quotes, fish
// reads \ there; so a script with such bytes travels as octal escapes that
// the inner sh unfolds with printf.
func wrap(script string) string {
	if !troublesome(script) {
		return "exec sh -c " + shellword.Quote(script)
	}
	var b strings.Builder
	b.WriteString(`exec sh -c 'eval "$(printf "`)
	for i := range len(script) {
		c := script[i]
		if plainInFormat(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	b.WriteString(`")"'`)
	return b.String()
}

func troublesome(script string) bool {
	for i := range len(script) {
		if c := script[i]; c < ' ' || c > '~' || c == '!' || c == '\\' {
			return true
		}
	}
	return false
}

// plainInFormat tells whether a byte stands for itself within double quotes,
// within single quotes, as a format of printf.
func plainInFormat(c byte) bool {
	return c >= ' ' && c <= '~' && !strings.ContainsRune("!\\'\"$`%", rune(c))
}
