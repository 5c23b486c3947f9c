package cloudbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// fanout gives one stream to several readers at once.
type fanout struct {
	pipes []*io.PipeWriter
	errs  []error // of the readers
	wg    sync.WaitGroup
}

// add starts reader i. It ends with run, or with end.
func (f *fanout) add(i int, read func(io.Reader) error) {
	r, w := io.Pipe()
	f.pipes = append(f.pipes, w)
	f.wg.Go(func() {
		f.errs[i] = read(r)
		_ = r.CloseWithError(errElsewhere) // it never fails
	})
}

// end ends the stream for all readers and waits for them.
func (f *fanout) end(err error) {
	for _, w := range f.pipes {
		_ = w.CloseWithError(err) // it never fails
	}
	f.wg.Wait()
}

// run copies src and gives the first error that is not the echo of another.
func (f *fanout) run(src io.Reader) error {
	writers := make([]io.Writer, len(f.pipes))
	for i, w := range f.pipes {
		writers[i] = w
	}
	_, cause := io.CopyBuffer(io.MultiWriter(writers...), filled{src}, make([]byte, 1<<20))
	f.end(cause)
	for _, err := range f.errs {
		if err != nil && !errors.Is(err, errElsewhere) && (cause == nil || !errors.Is(err, cause)) {
			return err
		}
	}
	return cause
}

// filled reads as much as fits: a pipe costs the more, the smaller its pieces
// are, and those of the decoder are small.
type filled struct{ src io.Reader }

func (f filled) Read(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = f.src.Read(p[n:])
		n += more
	}
	return n, err
}

// loadersWithin is how much of an image is searched for boot loaders. The EFI
// system partition is one of the first, and takes some 32 MiB.
const loadersWithin = 128 << 20

// loaders passes an image on and refuses one of another architecture: one
// whose EFI system partition holds the boot loader of the other, and not its
// own. FAT keeps names in that form (UEFI 2.10, 3.5.1.1).
type loaders struct {
	src          io.Reader
	architecture string

	seen       int64
	tail       []byte
	own, other bool
}

func (l *loaders) Read(p []byte) (int, error) {
	n, err := l.src.Read(p)
	if l.seen < loadersWithin {
		l.seen += int64(n)
		text := slices.Concat(l.tail, p[:n])
		names := [2][]byte{[]byte("BOOTX64 EFI"), []byte("BOOTAA64EFI")}
		if l.architecture == "arm64" {
			names[0], names[1] = names[1], names[0]
		}
		l.own = l.own || bytes.Contains(text, names[0])
		l.other = l.other || bytes.Contains(text, names[1])
		l.tail = bytes.Clone(text[max(len(text)-len(names[0]), 0):])
	}
	if l.other && !l.own && (errors.Is(err, io.EOF) || l.seen >= loadersWithin) {
		return n, fmt.Errorf("the image is not of %s: its boot loader is that of another architecture", l.architecture)
	}
	return n, err
}
