package vagrantfiles

import (
	"bytes"
	"fmt"
	"strings"
)

// file collects indented lines of Ruby.
type file struct {
	buf   bytes.Buffer
	depth int
}

func (f *file) raw(text string) { f.buf.WriteString(text) }

func (f *file) line(format string, args ...any) {
	f.buf.WriteString(strings.Repeat("  ", f.depth))
	fmt.Fprintf(&f.buf, format, args...)
	f.buf.WriteByte('\n')
}

func (f *file) comment(text string) { f.line("# %s", text) }

func (f *file) blank() { f.buf.WriteByte('\n') }

// open writes a line that end or heredoc closes.
func (f *file) open(format string, args ...any) {
	f.line(format, args...)
	f.depth++
}

func (f *file) end() {
	f.depth--
	f.line("end")
}

// heredoc writes a script of ours and closes <<~'SH', which takes the
// indentation away again.
func (f *file) heredoc(script string) {
	for text := range strings.Lines(script) {
		if text = strings.TrimSuffix(text, "\n"); text == "" {
			f.blank()
			continue
		}
		f.buf.WriteString(strings.Repeat("  ", f.depth) + text + "\n")
	}
	f.depth--
	f.line("SH")
}

func (f *file) bytes() []byte { return f.buf.Bytes() }
