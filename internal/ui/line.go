package ui

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// The few sequences that are used, ECMA-48.
const (
	bold  = "\x1b[1m"
	red   = "\x1b[31m"
	green = "\x1b[32m"
	amber = "\x1b[33m"
	plain = "\x1b[0m"
	wipe  = "\r\x1b[K"
	above = "\x1b[A" // the line above
)

// paint colours text on standard error.
func (u *UI) paint(code, text string) string {
	if !u.color || text == "" {
		return text
	}
	return code + text + plain
}

// line writes one message with its head to standard error.
func (u *UI) line(head, text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.erase()
	u.write(head, text)
	u.draw()
}

func (u *UI) write(head, text string) {
	code := map[string]string{"error: ": red, "warning: ": amber, "hint: ": bold}[head]
	if head != "" {
		head = "fbdock: " + u.paint(code, strings.TrimSuffix(head, " ")) + " "
	}
	u.put(head + text + "\n")
}

// put writes to standard error. Nobody could be told that it failed.
func (u *UI) put(text string) { _, _ = io.WriteString(u.err, text) }

const (
	keepLines = true
	oneLine   = false
)

// clean is what every message goes through, as it may quote guests, engines
// and servers: their control characters would move the cursor, change the
// colours of what follows or set the terminal's title. Passwords of URLs are
// taken out.
func clean(text string, lines bool) string {
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n ")
	text = strings.ReplaceAll(text, "\r", " ")
	if !lines {
		text = strings.NewReplacer("\n", " ", "\t", " ").Replace(text)
	}
	return untrusted.Printable(redact.Text(text))
}

// short cuts text to columns. Runes are counted, not cells: what is cut is
// ASCII in all but names that the user chose.
func short(text string, columns int) string {
	if utf8.RuneCountInString(text) <= columns {
		return text
	}
	if columns < 4 {
		return ""
	}
	return string([]rune(text)[:columns-3]) + "..."
}
