package diskimage

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Stream is the disk of an image as one frame of zstd, made while it is read.
// zstd(1) checks the sum that the frame has of its content. The same image and
// the same version of fbdock give the same bytes.
type Stream struct {
	pipe  *io.PipeReader
	ended chan struct{}

	// mu, as a session that has ended may still read what it was to send.
	mu   sync.Mutex
	sum  hash.Hash
	read int64
	err  error
}

// Stream begins to read the disk; done is told how much of it has been read, by
// one goroutine, and may be nil. Close ends it.
func (i *Image) Stream(done func(disk int64)) *Stream {
	r, w := io.Pipe()
	s := &Stream{pipe: r, ended: make(chan struct{}), sum: sha256.New()}
	go func() {
		defer close(s.ended)
		w.CloseWithError(i.compress(w, done))
	}()
	return s
}

func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.pipe.Read(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum.Write(p[:n])
	s.read += int64(n)
	// An image that is cut off has an EOF in its error.
	if err != nil && err != io.EOF { //nolint:errorlint // the end of the stream itself
		s.err = err
	}
	return n, err
}

// Close ends the reading of the image, which has ended when it returns.
func (s *Stream) Close() error {
	err := s.pipe.Close()
	<-s.ended
	return err
}

// Err is why the stream has ended before its end.
func (s *Stream) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Len is how many bytes have been read of the stream.
func (s *Stream) Len() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.read
}

// SHA256 is the digest of what has been read of the stream, in hexadecimal.
func (s *Stream) SHA256() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return hex.EncodeToString(s.sum.Sum(nil))
}

// Skip reads the first n bytes of the stream and says whether they have that
// digest: whoever holds them needs only the rest. Where they have not, the stream
// is of no use any more.
func (s *Stream) Skip(n int64, digest string) (same bool, err error) {
	switch _, err := io.CopyN(io.Discard, s, n); {
	case s.Err() != nil:
		return false, s.Err()
	case errors.Is(err, io.EOF):
		return false, nil // more than there is
	case err != nil:
		return false, err
	}
	return s.SHA256() == digest, nil
}

func (i *Image) compress(w io.Writer, done func(int64)) error {
	// One goroutine, so that the bytes do not depend on chance; a window that
	// any decoder takes.
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(true))
	if err != nil {
		return err
	}
	out := &counted{w: z, done: done}
	n, err := i.WriteTo(out)
	if err == nil {
		_, err = out.Write(make([]byte, i.Padded()-n))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("read the disk image: %w", err)
	}
	return nil
}

type counted struct {
	w    io.Writer
	n    int64
	done func(int64)
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	if c.done != nil {
		c.done(c.n)
	}
	return n, err
}
