package link

import (
	"errors"
	"fmt"
	"io"

	"github.com/fbdock/fbdock/internal/untrusted"
)

// feed sends stdin and its end. The goroutine is not waited for: nothing can
// end a read of a terminal.
func (s *session) feed(in io.Reader) {
	if in == nil {
		_ = s.ch.CloseWrite()
		return
	}
	go func() {
		src := &source{r: in}
		_, _ = io.CopyBuffer(onlyWriter{s.ch}, src, make([]byte, copySize))
		if src.err != nil {
			// Half an input must not pass for a whole one.
			s.fail(fmt.Errorf("read standard input: %w", src.err))
			return
		}
		_ = s.ch.CloseWrite()
	}()
}

// copySize holds several of SSH's 32 KiB packets.
const copySize = 128 << 10

// source remembers whether reading failed, which io.Copy mixes with writing.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// onlyWriter and onlyReader keep io.Copy to the buffer it is given.
type onlyWriter struct{ io.Writer }

type onlyReader struct{ io.Reader }

func (s *session) copy(stdout io.Writer, stderr *pidFinder) {
	if stdout == nil {
		stdout = io.Discard
	}
	for _, stream := range []struct {
		name string
		from io.Reader
		to   io.Writer
	}{{"standard output", s.ch, stdout}, {"standard error", s.ch.Stderr(), stderr}} {
		s.output.Go(func() {
			sink := &sink{w: stream.to}
			_, _ = io.CopyBuffer(sink, onlyReader{stream.from}, make([]byte, copySize))
			if stream.to == stderr && sink.err == nil {
				sink.err = stderr.flush()
			}
			if sink.err != nil {
				err := fmt.Errorf("write %s: %w", stream.name, sink.err)
				if untrusted.IsTooLarge(sink.err) {
					err = sink.err // no stream broke: the command wrote too much
				}
				s.fail(err)
				// The command must not hang on a full pipe instead of ending.
				_, _ = io.Copy(io.Discard, stream.from)
			}
		})
	}
}

type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}
