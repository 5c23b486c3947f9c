package vagrant

import (
	"strings"

	"github.com/fbdock/fbdock/internal/untrusted"
)

// maxLine bounds a line of output; a longer one is no event.
const maxLine = 1 << 20

// maxEvents is how many events are kept. A command ends with some tens.
const maxEvents = 10_000

// Event is one line of --machine-readable output.
type Event struct {
	Machine string // "" when it is about none
	Type    string
	Data    []string
}

// Types of events that fbdock knows by name; there are more.
const (
	TypeUI         = "ui"
	TypeAction     = "action"
	TypeState      = "state"
	TypeProvider   = "provider-name"
	TypeStateShort = "state-human-short"
	TypeStateLong  = "state-human-long"
	TypeSSHConfig  = "ssh-config"
	TypeErrorExit  = "error-exit"
	TypePort       = "forwarded_port"
	TypePlugin     = "plugin-name"
	TypePluginVer  = "plugin-version"
)

func (e Event) datum(i int) string {
	if i < len(e.Data) {
		return e.Data[i]
	}
	return ""
}

// Message is what the event would have said to a person; level is one of
// info, warn, error, output, detail, success.
func (e Event) Message() (level, text string, ok bool) {
	if e.Type != TypeUI || len(e.Data) < 2 {
		return "", "", false
	}
	return e.Data[0], e.Data[1], true
}

// Action is the beginning or the end of one of Vagrant's own actions.
func (e Event) Action() (name string, begins, ok bool) {
	if e.Type != TypeAction || len(e.Data) < 2 {
		return "", false, false
	}
	return e.Data[0], e.Data[1] == "start", true
}

// ErrorExit is the class and the text of the error that ends the command.
func (e Event) ErrorExit() (class, text string, ok bool) {
	if e.Type != TypeErrorExit || len(e.Data) < 1 {
		return "", "", false
	}
	return e.Data[0], e.datum(1), true
}

// ParseLine reads one line without its end. It is false for anything that
// is no event: programs that Vagrant runs write between its lines.
func ParseLine(line string) (Event, bool) {
	stamp, rest, ok := strings.Cut(line, ",")
	if !ok || stamp == "" || strings.Trim(stamp, "0123456789") != "" {
		return Event{}, false
	}
	machine, rest, ok := strings.Cut(rest, ",")
	if !ok {
		return Event{}, false
	}
	kind, rest, more := strings.Cut(rest, ",")
	if kind == "" || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return Event{}, false
	}
	e := Event{Machine: unescape(machine), Type: kind}
	if more {
		for d := range strings.SplitSeq(rest, ",") {
			e.Data = append(e.Data, unescape(d))
		}
	}
	return e, true
}

// unescape undoes what Vagrant does to data. It is not exact: Vagrant leaves
// a backslash as it is, so that a \n in the data and a line break look alike.
func unescape(s string) string {
	s = strings.NewReplacer("%!(VAGRANT_COMMA)", ",", `\n`, "\n", `\r`, "\r").Replace(s)
	return strings.ToValidUTF8(s, "?")
}

// stream is an io.Writer that cuts output into events and other text.
type stream struct {
	onEvent func(Event)
	events  []Event
	text    untrusted.Tail // lines that are no events, the last of them
	lines   untrusted.Lines
}

func (s *stream) Write(p []byte) (int, error) {
	s.lines.Max, s.lines.Each = maxLine, s.line
	return s.lines.Write(p)
}

func (s *stream) line(l untrusted.Line) error {
	if l.Cut {
		return nil
	}
	e, ok := ParseLine(l.Text)
	if !ok {
		s.text.Limit = maxLine
		_, err := s.text.Write([]byte(l.Text + "\n"))
		return err
	}
	// What is only for the eye is not kept: an up prints without end.
	if (e.Type != TypeUI || e.datum(0) == "error") && len(s.events) < maxEvents {
		s.events = append(s.events, e)
	}
	if s.onEvent != nil {
		s.onEvent(e)
	}
	return nil
}

// close takes what came without a line end.
func (s *stream) close() {
	_ = s.lines.Close() // line never fails
}
