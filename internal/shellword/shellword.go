// Package shellword writes words of a POSIX shell's command line. Who hands a
// NUL byte, which no argument can hold, has to refuse it before.
package shellword

import "strings"

// Quote is one word in which every byte stands for itself: within single
// quotes the shell reads each as it is; a single quote ends them, comes
// escaped, and opens them again.
func Quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
