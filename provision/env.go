package provision

import (
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/shellword"
)

// env is a list of shell assignments, in order: KEY='value' lines that a
// POSIX shell reads back byte for byte.
type env struct {
	text strings.Builder
	err  error
}

// set adds one assignment. A NUL cannot be in a shell's variable.
func (e *env) set(key, value string) {
	quoted, err := quote(value)
	if err != nil && e.err == nil {
		e.err = fmt.Errorf("%s: %w", key, err)
	}
	fmt.Fprintf(&e.text, "%s=%s\n", key, quoted)
}

func (e *env) bytes() ([]byte, error) {
	return []byte(e.text.String()), e.err
}

// quote makes one POSIX shell word of s.
func quote(s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", fmt.Errorf("%q holds a NUL character", s)
	}
	return shellword.Quote(s), nil
}
