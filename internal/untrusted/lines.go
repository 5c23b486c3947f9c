package untrusted

import (
	"bytes"
	"strings"
)

// Line is one line without its end, "\n" or "\r\n".
type Line struct {
	Text string
	// Cut tells that the line was longer than it may be; Text is its
	// beginning.
	Cut bool
	// Open tells that the stream ended within the line.
	Open bool
}

// MaxLine is how long the lines of fbdock's own programs in the guests may
// be.
const MaxLine = 64 << 10

// Lines is an io.Writer that hands on what is written line by line. It holds
// no more than one line, and no more than Max of that.
type Lines struct {
	// Max is the most of a line that is kept; 0 is MaxLine.
	Max int
	// Each is given every line. Its error is that of the write.
	Each func(Line) error

	rest []byte
	cut  bool
}

func (l *Lines) Write(p []byte) (int, error) {
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.hold(p)
			return n, nil
		}
		l.hold(p[:i])
		p = p[i+1:]
		if err := l.give(false); err != nil {
			return n - len(p), err
		}
	}
}

// Close hands on what came without a line end.
func (l *Lines) Close() error {
	if len(l.rest) == 0 && !l.cut {
		return nil
	}
	return l.give(true)
}

func (l *Lines) hold(p []byte) {
	limit := l.Max
	if limit <= 0 {
		limit = MaxLine
	}
	if room := limit - len(l.rest); len(p) > room {
		p, l.cut = p[:max(room, 0)], true
	}
	l.rest = append(l.rest, p...)
}

func (l *Lines) give(open bool) error {
	line := Line{Text: string(l.rest), Cut: l.cut, Open: open}
	if !line.Cut {
		line.Text = strings.TrimSuffix(line.Text, "\r")
	}
	l.rest, l.cut = l.rest[:0], false
	return l.Each(line)
}
