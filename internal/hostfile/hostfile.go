// Package hostfile reads files of the host that somebody else may have put
// where fbdock looks for them: a cloned repository, or a guest that a folder
// is mounted in. Any of them may be a named pipe, a device, an endless file
// or a link. So a file is opened without waiting, has to be a regular one,
// is read up to a limit, and is given up when the context ends. The package
// writes nothing and does not know what a file means. Files in fbdock's own
// state directory are read by package state.
package hostfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The most that is read of a file, by what it is. Each is many times what
// such files have.
const (
	MaxConfig      = 1 << 20  // fbdock.hcl, its lock file and its variables
	MaxCompose     = 4 << 20  // a compose file
	MaxEnv         = 1 << 20  // an env file
	MaxScript      = 1 << 20  // a provision script
	MaxCertificate = 1 << 20  // CA certificates, a whole bundle of them
	MaxKey         = 64 << 10 // an SSH key
	MaxKnownHosts  = 16 << 20 // known_hosts of a user who knows many hosts
	MaxClient      = 4 << 20  // configuration of the docker CLI
)

// Read reads the regular file at path. Links are followed.
func Read(ctx context.Context, path string, limit int64) ([]byte, error) {
	return giveUp(ctx, func() ([]byte, error) {
		f, err := open(path)
		if err != nil {
			return nil, err
		}
		return readAll(func() error { return ended(ctx) }, f, path, limit)
	})
}

// ReadNow is Read for who has no context.
func ReadNow(path string, limit int64) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	return readAll(never, f, path, limit)
}

// Head reads the beginning of the regular file at path.
func Head(path string, limit int64) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	return io.ReadAll(io.LimitReader(f, limit))
}

// ReadWithin reads the regular file at path, which has to lie in dir or
// below it once all links are followed. Otherwise the error is an
// *OutsideError, and nothing was opened.
func ReadWithin(ctx context.Context, dir, path string, limit int64) ([]byte, error) {
	return giveUp(ctx, func() ([]byte, error) {
		f, err := openWithin(dir, path)
		if err != nil {
			return nil, err
		}
		return readAll(func() error { return ended(ctx) }, f, path, limit)
	})
}

// ReadWithinNow is ReadWithin for who has no context.
func ReadWithinNow(dir, path string, limit int64) ([]byte, error) {
	f, err := openWithin(dir, path)
	if err != nil {
		return nil, err
	}
	return readAll(never, f, path, limit)
}

func ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

func never() error { return nil }

// Open opens the regular file at path for reading, for files that are too
// large to be read at once.
func Open(ctx context.Context, path string) (*os.File, error) {
	return giveUp(ctx, func() (*os.File, error) { return open(path) })
}

// OpenWithin is Open for a file that has to lie in dir, as ReadWithin wants
// it.
func OpenWithin(ctx context.Context, dir, path string) (*os.File, error) {
	return giveUp(ctx, func() (*os.File, error) { return openWithin(dir, path) })
}

// ReadFrom reads a file that was opened here to its end, and closes it. The
// errors name path.
func ReadFrom(ctx context.Context, f *os.File, path string, limit int64) ([]byte, error) {
	return giveUp(ctx, func() ([]byte, error) { return readAll(func() error { return ended(ctx) }, f, path, limit) })
}

// Real is path without links, absolute. Of what does not exist, the folders
// that do are without links.
func Real(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", &fs.PathError{Op: "follow", Path: path, Err: errDangling}
	}
	above := filepath.Dir(path)
	if above == path {
		return "", err
	}
	above, err = Real(above)
	return filepath.Join(above, filepath.Base(path)), err
}

var errDangling = errors.New("it is a link to what does not exist")

// below is path relative to dir, both without links. A path that leaves dir
// by its text is not looked at: looking at a network path tells another
// computer who the user is.
func below(dir, path string) (base, rel string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", err
	}
	full := path
	if !filepath.IsAbs(full) {
		full = filepath.Join(dir, full)
	}
	outside := &OutsideError{Dir: dir, Path: path, Real: filepath.Clean(full)}
	if base, err = filepath.EvalSymlinks(dir); err != nil {
		return "", "", err
	}
	if !inside(dir, full) && !inside(base, full) {
		return "", "", outside
	}
	if outside.Real, err = Real(full); err != nil {
		return "", "", err
	}
	if !inside(base, outside.Real) {
		return "", "", outside
	}
	rel, err = filepath.Rel(base, outside.Real)
	return base, rel, err
}

func inside(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// open opens a regular file. It is looked at before, since to open a device
// may do something, and after, since it may be another one by then.
func open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = Regular(path, info.Mode())
	}
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	return opened(path, f, err)
}

// openWithin opens by os.Root, which holds what was checked here also
// against who changes links meanwhile.
func openWithin(dir, path string) (*os.File, error) {
	base, rel, err := below(dir, path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(base)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // only asked
	info, err := root.Lstat(rel)
	if err != nil {
		return opened(path, nil, err)
	}
	if err := Regular(path, info.Mode()); err != nil {
		return nil, err
	}
	f, err := root.OpenFile(rel, os.O_RDONLY|openFlags, 0)
	return opened(path, f, err)
}

// opened refuses what is open and no regular file. Errors name the path as
// it was asked for.
func opened(path string, f *os.File, err error) (*os.File, error) {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: at.Err}
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = Regular(path, info.Mode())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func readAll(ended func() error, f *os.File, path string, limit int64) ([]byte, error) {
	defer f.Close() // only read
	var data []byte
	buf := make([]byte, 64<<10)
	for {
		if err := ended(); err != nil {
			return nil, err
		}
		n, err := f.Read(buf)
		if int64(len(data)+n) > limit {
			return nil, &SizeError{Path: path, Limit: limit}
		}
		data = append(data, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
	}
}

// giveUp runs f and waits for it until ctx ends. A file system may hold a
// call as long as it likes, as NFS does without its server, and nothing ends
// it: what f has got by then is closed when it comes.
func giveUp[T any](ctx context.Context, f func() (T, error)) (T, error) {
	if ctx.Done() == nil {
		return f()
	}
	var none T
	if err := ended(ctx); err != nil {
		return none, err
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer)
	go func() {
		value, err := f()
		select {
		case answers <- answer{value, err}:
		case <-ctx.Done():
			if c, ok := any(value).(*os.File); ok && c != nil {
				_ = c.Close() // nobody has it
			}
		}
	}()
	select {
	case a := <-answers:
		return a.value, a.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// kind names what is no regular file.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	}
	return "a special file"
}

// Regular refuses what is no regular file, by its mode.
func Regular(path string, mode fs.FileMode) error {
	if mode.IsRegular() {
		return nil
	}
	return &TypeError{Path: path, Kind: kind(mode)}
}

// Text makes of a text file what a shell of the guests reads, which takes a
// byte order mark for a part of the first word and a carriage return for one
// of the last.
func Text(data []byte) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
}
