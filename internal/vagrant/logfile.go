package vagrant

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// logLimit is where Vagrant's log starts anew; the run before is kept beside it.
const logLimit = 1 << 20

// LogFile is Vagrant's raw output as a file. It is opened for each write,
// so that nobody has to close it and a removed state folder is no error.
type LogFile struct{ Path string }

func (l LogFile) Write(p []byte) (int, error) {
	if info, err := os.Lstat(l.Path); err == nil && info.Size() > logLimit {
		_ = os.Rename(l.Path, l.Path+".old") // else it just goes on growing
	}
	if err := os.MkdirAll(filepath.Dir(l.Path), 0o700); err != nil {
		return 0, err
	}
	f, err := privatefile.Open(l.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return len(p), nil
	}
	if err != nil {
		return 0, err
	}
	n, err := f.Write(p)
	return n, errors.Join(err, f.Close())
}
