// Package ui is the only writer to the terminal: answers on standard output;
// progress, warnings, errors and questions on standard error. What is drawn
// to be seen for a moment is drawn only on a terminal and is taken away
// again; elsewhere each phase is one line. Text is plain ASCII, and colour
// never carries meaning alone. The package reads no environment and knows
// nothing of fbdock's work.
package ui

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf16"

	"golang.org/x/term"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// Options say where to speak and how. Streams that are no *os.File are no
// terminals.
type Options struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	Quiet   bool // only warnings and errors on standard error
	Verbose bool // details stay on the screen
	// NoColor is --no-color or NO_COLOR, ForceColor FORCE_COLOR; the first
	// wins. Dumb is TERM=dumb: neither colour nor lines drawn over.
	NoColor, ForceColor, Dumb bool

	// Clock is for tests; nil is time.Now.
	Clock func() time.Time
}

// UI speaks to the user. It may be used by many goroutines at once.
type UI struct {
	in       io.Reader
	out, err io.Writer
	quiet    bool
	verbose  bool
	color    bool // on standard error
	colorOut bool
	redraw   bool // standard error is a terminal that can be drawn over
	asks     bool // somebody sits there
	errFile  *os.File
	now      func() time.Time

	mu    sync.Mutex
	phase *phase
	// beside are transfers that go on at the same time.
	beside []*phase
	drawn  int // lines that stand and have to be taken away
}

// New makes a UI; nothing is written yet.
func New(o Options) *UI {
	u := &UI{
		in: o.Stdin, out: o.Stdout, err: o.Stderr, quiet: o.Quiet, verbose: o.Verbose, now: o.Clock,
	}
	if u.in == nil {
		u.in = strings.NewReader("")
	}
	if u.out == nil {
		u.out = io.Discard
	}
	if u.err == nil {
		u.err = io.Discard
	}
	if u.now == nil {
		u.now = time.Now
	}
	errTerminal := IsTerminal(u.err)
	u.errFile, _ = u.err.(*os.File)
	u.asks = IsTerminal(u.in) && errTerminal
	u.redraw = errTerminal && !o.Dumb && enableDrawing(u.errFile)
	u.color = !o.NoColor && (o.ForceColor || u.redraw)
	u.colorOut = !o.NoColor && (o.ForceColor || (IsTerminal(u.out) && !o.Dumb))
	return u
}

// IsTerminal tells whether a stream is one.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && f != nil && term.IsTerminal(int(f.Fd()))
}

// Color tells whether standard error may be coloured.
func (u *UI) Color() bool { return u.color }

// Width is the number of columns on standard error; 80 where it has none.
func (u *UI) Width() int {
	if u.errFile != nil {
		if columns, _, err := term.GetSize(int(u.errFile.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}

// JSON writes an answer for programs: one value, indented.
func (u *UI) JSON(v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // nobody puts this into a web page
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return u.answer([]byte(escape(redact.JSON(b.String()))))
}

// escape writes out in JSON's own way what encoding/json lets through and a
// terminal obeys or hides, C1 control characters and changes of the writing
// direction among it. In JSON such characters stand within strings only.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Print writes an answer for people. What may quote a guest in it is made
// harmless; line breaks stay.
func (u *UI) Print(text string) error {
	return u.answer([]byte(untrusted.Printable(redact.Text(text))))
}

// Copy is standard output for the text of others, such as logs. It arrives as
// it is but for the passwords of URLs, and on a terminal without what that
// would obey. Close ends a last line that has no end.
func (u *UI) Copy() io.WriteCloser {
	if !IsTerminal(u.out) {
		return redact.NewWriter(answers{u})
	}
	return &untrusted.Lines{Each: func(l untrusted.Line) error {
		text := untrusted.Printable(redact.Text(colours.ReplaceAllString(l.Text, "")))
		return u.answer([]byte(text + "\n"))
	}}
}

// colours are what programs put into their logs on purpose, ECMA-48's SGR.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// answers writes to standard output.
type answers struct{ *UI }

func (a answers) Write(p []byte) (int, error) { return len(p), a.answer(p) }

func (u *UI) answer(data []byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.erase()
	_, err := u.out.Write(data)
	u.draw()
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// Say gives a line of information.
func (u *UI) Say(text string) {
	if !u.quiet {
		u.line("", clean(text, keepLines))
	}
}

// Show gives a line that a question follows on, and that nobody may miss who
// answers it.
func (u *UI) Show(text string) { u.line("", clean(text, keepLines)) }

// Note gives a line that only --verbose shows.
func (u *UI) Note(text string) {
	if u.verbose && !u.quiet {
		u.line("", clean(text, keepLines))
	}
}

// Warn gives a line that the user should not miss.
func (u *UI) Warn(text string) {
	u.line("warning: ", clean(text, keepLines))
}

// Error tells a failure and its next step: hint, or, when that is empty, the
// hint of the error itself. A phase that runs has failed with it.
func (u *UI) Error(err error, hint string) {
	if err == nil {
		return
	}
	u.End(Fail, "")
	u.line("error: ", clean(err.Error(), keepLines))
	if hint = cmp.Or(hint, failure.Hint(err)); hint != "" {
		u.line("hint: ", clean(hint, keepLines))
	}
}

// ErrNoTerminal says that a question could not be asked.
var ErrNoTerminal = errors.New("this needs an answer, and there is no terminal to ask at")

// NoAnswerError is a question that stands unanswered.
type NoAnswerError struct{ Question, Flag string }

func (e *NoAnswerError) Error() string { return fmt.Sprintf("%v: %s", ErrNoTerminal, e.Question) }

func (e *NoAnswerError) Unwrap() error { return ErrNoTerminal }

// Hint is the next step for the user.
func (e *NoAnswerError) Hint() string { return "pass " + e.Flag + " to say yes" }

// Confirm asks a question whose answer is no unless the user types yes. Away
// from a terminal it asks nothing and names the flag that says yes.
func (u *UI) Confirm(question, flag string) (bool, error) {
	if !u.asks {
		return false, &NoAnswerError{Question: question, Flag: flag}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.erase()
	u.put(clean(question, keepLines) + " [y/N] ")
	answer, err := bufio.NewReader(u.in).ReadString('\n')
	if err != nil {
		u.put("\n") // Ctrl-D leaves the cursor behind the question
		if !errors.Is(err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", err)
		}
	}
	u.draw()
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
