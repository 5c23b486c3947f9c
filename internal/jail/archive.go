// Package jail has the jails of a machine's guest: lists and changes them by
// fbdock-jail, which does the work there, and knows the form of the files that
// they are exported to. It opens no file of the host.
package jail

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fbdock/fbdock/hcl"
)

const (
	format = "fbdock-jail"
	// maxHeader bounds the line: a file may be anything.
	maxHeader = 64 << 10
)

// ErrForeign is the reason why a file is not taken.
var ErrForeign = errors.New("it is no file of `fbdock jail export`")

// Header says what a jail was that a stream holds.
type Header struct {
	Format   string `json:"format"`
	Version  int    `json:"version"`
	Name     string `json:"name"`
	Release  string `json:"release"`
	Hostname string `json:"hostname"`
	// Architecture of the guest that it ran in.
	Architecture string `json:"architecture"`
}

// Write writes the line that comes before the stream.
func (h Header) Write(w io.Writer) error {
	h.Format, h.Version = format, 1
	line, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("describe the jail: %w", err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// Read reads the line, and gives what follows it.
func Read(r io.Reader) (h Header, stream io.Reader, err error) {
	in := bufio.NewReaderSize(r, maxHeader)
	line, err := in.ReadSlice('\n')
	if errors.Is(err, io.EOF) || errors.Is(err, bufio.ErrBufferFull) {
		return h, nil, ErrForeign
	}
	if err != nil {
		return h, nil, err
	}
	if json.Unmarshal(line, &h) != nil || h.Format != format {
		return h, nil, ErrForeign
	}
	if h.Version != 1 {
		return h, nil, fmt.Errorf("it is of version %d, which a newer fbdock has written", h.Version)
	}
	check := hcl.Jail{Name: h.Name, Release: h.Release, Hostname: h.Hostname}
	if h.Release == "" {
		return h, nil, ErrForeign
	}
	return h, in, check.Check()
}
