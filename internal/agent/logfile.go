package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// LogFile is a log that stays small: when it has grown to Max, its content
// becomes the file with .1 at the end of the name. The file itself stays
// where it is, as the agent's standard error leads to it too, and Windows
// renames no open file.
type LogFile struct {
	Path string
	Max  int64

	mu   sync.Mutex
	file *os.File
	size int64
}

// Write appends p.
func (l *LogFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		f, err := privatefile.Open(l.Path, os.O_CREATE|os.O_APPEND|os.O_RDWR)
		if err != nil {
			return 0, fmt.Errorf("open the log: %w", err)
		}
		info, err := f.Stat()
		if err != nil {
			return 0, errors.Join(err, f.Close())
		}
		l.file, l.size = f, info.Size()
	}
	if l.size+int64(len(p)) > l.Max && l.size > 0 {
		if err := l.rotate(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return n, err
}

func (l *LogFile) rotate() error {
	old, err := privatefile.Open(l.Path+".1", os.O_CREATE|os.O_TRUNC|os.O_WRONLY)
	if err != nil {
		return fmt.Errorf("rotate the log: %w", err)
	}
	_, err = io.Copy(old, io.NewSectionReader(l.file, 0, l.size))
	err = errors.Join(err, old.Close(), l.file.Truncate(0))
	if err != nil {
		return fmt.Errorf("rotate the log: %w", err)
	}
	l.size = 0
	return nil
}

// Close closes the file.
func (l *LogFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
