package foldercopy

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/confine"
	"github.com/fbdock/fbdock/internal/sftpserver"
)

// entry is what a name of the folder is.
type entry struct {
	// known is false for what the guest may have or not; only its type says
	// anything then.
	known bool
	mode  fs.FileMode // type and permissions
	size  int64       // of a file
	mtime int64       // of a file, in nanoseconds since 1970
	link  string      // the text of a symbolic link, as the guest is to have it
}

func names(of map[string]entry) []string { return slices.Sorted(maps.Keys(of)) }

// list is what xargs -0 reads.
func list(names []string) io.Reader {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("./" + name + "\x00")
	}
	return strings.NewReader(b.String())
}

// scan looks at all of the folder, and has it watched.
func (c *copier) scan() (map[string]entry, error) {
	found := map[string]entry{}
	c.blind = false
	return found, c.walk(".", found)
}

func (c *copier) walk(dir string, found map[string]entry) error {
	if c.watcher != nil { // before it is read, so that nothing falls between
		if err := c.watcher.Add(filepath.Join(c.folder.Dir(), filepath.FromSlash(dir))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.blind = true
			c.tell(".", fmt.Errorf("the system does not watch all of it, so it is looked at every %s: %w", unwatched, err))
		}
	}
	list, err := c.list(dir)
	if err != nil {
		return err
	}
	for _, info := range list {
		name := path.Join(dir, info.Name())
		if c.leftOut(name) {
			continue
		}
		e, err := c.entry(name, info)
		if err != nil {
			c.tell(name, err)
			continue
		}
		found[name] = e
		if !info.IsDir() {
			continue
		}
		if err := c.walk(name, found); err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.tell(name, err)
		}
	}
	return nil
}

func (c *copier) list(name string) (list []confine.Info, err error) {
	dir, err := c.root.OpenDir(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	for {
		infos, err := dir.Next(1000)
		list = append(list, infos...)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// leftOut tells whether a pattern of path.Match excludes a name by its last
// word or its whole.
func (c *copier) leftOut(name string) bool {
	return slices.ContainsFunc(c.folder.Exclude, func(pattern string) bool {
		base, _ := path.Match(pattern, path.Base(name))
		whole, _ := path.Match(pattern, name)
		return base || whole
	})
}

var (
	errLeaves  = errors.New("the symbolic link leads out of the folder; it is not copied")
	errSpecial = errors.New("it is no file, no folder and no symbolic link; it is not copied")
)

func (c *copier) entry(name string, info confine.Info) (entry, error) {
	e := entry{known: true, mode: sftpserver.ShownMode(info.Mode()) & (fs.ModeType | fs.ModePerm)}
	switch {
	case info.IsDir():
	case info.Mode().IsRegular():
		e.size, e.mtime = info.Size(), info.ModTime().UnixNano()
	case info.Mode()&fs.ModeSymlink != 0:
		text, err := c.root.Readlink(name)
		if err != nil {
			return e, err
		}
		if e.link, err = c.guestLink(name, text); err != nil {
			return e, err
		}
		e.mode = fs.ModeSymlink | 0o777
	default:
		return e, errSpecial
	}
	return e, nil
}

// guestLink is a link's text for the guest.
func (c *copier) guestLink(name, text string) (string, error) {
	if filepath.IsAbs(text) {
		rest, ok := c.folder.Rel(text)
		if !ok {
			return "", errLeaves
		}
		return path.Join(c.folder.Target, rest), nil
	}
	text = filepath.ToSlash(text)
	if to := path.Join(path.Dir(name), text); to == ".." || strings.HasPrefix(to, "../") {
		return "", errLeaves
	}
	return text, nil
}

// put sends names as one archive, and gives what arrived as it is now.
func (c *copier) put(ctx context.Context, want map[string]entry, names []string) (map[string]entry, error) {
	r, w := io.Pipe()
	sent, packed := map[string]entry{}, make(chan error, 1)
	go func() {
		archive := tar.NewWriter(w)
		err := c.pack(archive, want, names, sent)
		if err == nil {
			err = archive.Close()
		}
		packed <- err
		_ = w.CloseWithError(err) // never fails
	}()
	err := c.run(ctx, r, nil, "put")
	_ = r.Close() // never fails
	if failed := <-packed; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return nil, failed
	}
	if err != nil {
		return sent, err
	}
	return sent, c.ownLinks(ctx, sent)
}

// ownLinks gives the symbolic links among sent to the owner of the files.
func (c *copier) ownLinks(ctx context.Context, sent map[string]entry) error {
	var links []string
	for name, e := range sent {
		if e.mode&fs.ModeSymlink != 0 {
			links = append(links, name)
		}
	}
	if len(links) == 0 {
		return nil
	}
	return c.run(ctx, list(links), nil, "links")
}

func (c *copier) pack(archive *tar.Writer, want map[string]entry, names []string, sent map[string]entry) error {
	for _, name := range names {
		e := want[name]
		header := &tar.Header{Format: tar.FormatGNU, Name: name, Mode: int64(e.mode.Perm()), Uid: c.uid, Gid: c.gid}
		switch {
		case e.mode.IsDir():
			header.Typeflag, header.Name, header.ModTime = tar.TypeDir, name+"/", time.Now().Truncate(time.Second)
		case e.mode&fs.ModeSymlink != 0:
			header.Typeflag, header.Linkname, header.ModTime = tar.TypeSymlink, e.link, time.Now().Truncate(time.Second)
		default:
			same, err := c.packFile(archive, header, &e)
			if err != nil {
				return err
			}
			if same {
				sent[name] = e
			}
			continue
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		sent[name] = e
	}
	return nil
}

// packFile sends a file as it is by now. same is false when it went, or
// changed while it was read.
func (c *copier) packFile(archive *tar.Writer, header *tar.Header, e *entry) (same bool, err error) {
	file, err := c.root.Open(header.Name, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		c.tell(header.Name, err)
		return false, nil
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil || !before.Mode().IsRegular() {
		return false, nil
	}
	e.mode, e.size, e.mtime = sftpserver.ShownMode(before.Mode())&(fs.ModeType|fs.ModePerm), before.Size(), before.ModTime().UnixNano()
	header.Typeflag, header.Mode, header.Size = tar.TypeReg, int64(e.mode.Perm()), e.size
	header.ModTime = before.ModTime().Truncate(time.Second)
	if err := archive.WriteHeader(header); err != nil {
		return false, err
	}
	n, err := io.Copy(archive, io.LimitReader(file, e.size))
	if err != nil && n < e.size {
		if closed := errors.Is(err, io.ErrClosedPipe); closed {
			return false, err
		}
		c.tell(header.Name, err)
	}
	if n < e.size { // the archive wants what was announced
		_, err = io.CopyN(archive, zeros{}, e.size-n)
		return false, err
	}
	after, err := file.Stat()
	return err == nil && os.SameFile(before, after) && after.Size() == e.size && after.ModTime().Equal(before.ModTime()), nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
