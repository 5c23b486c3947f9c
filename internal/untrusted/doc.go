// Package untrusted takes in what guests, engines and servers send, so that
// the sender decides neither how much memory that takes nor what a terminal
// does with it. Everything in fbdock that collects an answer, cuts a stream
// into lines or shows text of theirs does it with this package. It knows
// nothing of what is read.
package untrusted

import (
	"fmt"
	"strings"
)

// TooLargeError says that something is larger than it may be.
type TooLargeError struct {
	// What is too large: "the list of containers".
	What string
	// Limit is in Unit, or in bytes where that is empty.
	Limit int64
	Unit  string
}

func (e *TooLargeError) Error() string {
	if e.Unit != "" {
		return fmt.Sprintf("%s has more than %d %s", e.What, e.Limit, e.Unit)
	}
	return fmt.Sprintf("%s is larger than %s", e.What, size(e.Limit))
}

// Hint is the next step for the user.
func (e *TooLargeError) Hint() string {
	return "the program that answers there is broken or not the expected one; `fbdock reload` restarts the machine"
}

// size is a number of bytes in the largest unit that divides it.
func size(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB"}
	i := 0
	for ; i < len(units)-1 && n >= 1024 && n%1024 == 0; i++ {
		n /= 1024
	}
	return fmt.Sprint(n, " ", units[i])
}

// FirstLine is the first line of a text that says something, without the space
// around it.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

// Short is the end of a text of several lines as it fits into a message: its
// last lines, at most limit bytes.
func Short(text string, limit int) string {
	text = strings.TrimSpace(text)
	if len(text) <= limit {
		return text
	}
	text = text[len(text)-limit:]
	if _, rest, ok := strings.Cut(text, "\n"); ok && rest != "" {
		text = rest
	}
	return "... " + strings.ToValidUTF8(text, "")
}
