// Package parcel carries the files of one command to a guest and back, as tar
// archives. It knows neither SSH nor docker, and writes to nothing but what it
// is told to.
package parcel

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"

	"github.com/fbdock/fbdock/internal/hostfile"
)

// Item is a file, a folder with all that is in it, or a link, and its place in
// the parcel.
type Item struct {
	// Name is the slash-separated path in the parcel. Folders above it are
	// made.
	Name string
	// Host is what it is on this host. "" is a file with Data.
	Host string
	Data []byte
	// Follow takes what a link leads to instead of the link.
	Follow bool
	// Dir makes an empty folder, whatever Host and Data are.
	Dir bool
	// Context tells that Host is a build context, whose .dockerignore leaves
	// files out, but for Dockerfiles, which are relative to it.
	Context     bool
	Dockerfiles []string
}

// Pack writes items as an archive. What is neither a file nor a folder nor a
// link, such as a socket, is left out, as docker leaves out sockets.
func Pack(ctx context.Context, w io.Writer, items []Item) error {
	p := packer{ctx: ctx, archive: tar.NewWriter(w), made: map[string]bool{}}
	for _, item := range items {
		if err := p.item(item); err != nil {
			return err
		}
	}
	return p.archive.Close()
}

type packer struct {
	ctx     context.Context
	archive *tar.Writer
	made    map[string]bool
}

func (p *packer) item(item Item) error {
	if err := p.above(item.Name); err != nil {
		return err
	}
	switch {
	case item.Dir:
		return p.folder(item.Name, 0o700, time.Time{})
	case item.Host == "":
		return p.file(item.Name, 0o600, time.Time{}, int64(len(item.Data)), item.Data)
	}
	host := item.Host
	if item.Follow {
		real, err := filepath.EvalSymlinks(host)
		if err != nil {
			return err
		}
		host = real
	}
	info, err := os.Lstat(host)
	if err != nil {
		return err
	}
	if info.IsDir() {
		var without *ignored
		if item.Context {
			without = ignoredIn(p.ctx, host, item.Dockerfiles)
		}
		return p.tree(item.Name, host, info, without)
	}
	return p.object(item.Name, host, info)
}

// above makes the folders that a name needs.
func (p *packer) above(name string) error {
	dir := path.Dir(name)
	if dir == "." || p.made[dir] {
		return nil
	}
	if err := p.above(dir); err != nil {
		return err
	}
	return p.folder(dir, 0o755, time.Time{})
}

func (p *packer) folder(name string, mode fs.FileMode, at time.Time) error {
	p.made[name] = true
	return p.archive.WriteHeader(&tar.Header{
		Format: tar.FormatPAX, Typeflag: tar.TypeDir, Name: name + "/", Mode: int64(mode.Perm()), ModTime: when(at),
	})
}

// when is a time for an archive; none is now, as 1970 is odd in messages.
func when(at time.Time) time.Time {
	if at.IsZero() {
		return time.Now()
	}
	return at
}

func (p *packer) file(name string, mode fs.FileMode, at time.Time, size int64, data []byte) error {
	err := p.archive.WriteHeader(&tar.Header{
		Format: tar.FormatPAX, Typeflag: tar.TypeReg, Name: name, Mode: int64(mode.Perm()), ModTime: when(at), Size: size,
	})
	if err != nil || data == nil {
		return err
	}
	_, err = p.archive.Write(data)
	return err
}

// tree packs a folder. Links in it are not followed.
func (p *packer) tree(name, host string, info fs.FileInfo, without *ignored) error {
	if err := p.folder(name, mode(info), info.ModTime()); err != nil {
		return err
	}
	return filepath.WalkDir(host, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || at == host {
			return err
		}
		if p.ctx.Err() != nil {
			return context.Cause(p.ctx)
		}
		rel, err := filepath.Rel(host, at)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		inside := path.Join(name, filepath.ToSlash(rel))
		out, prune := without.leaves(rel)
		switch {
		case out && prune && info.IsDir():
			return fs.SkipDir
		case out:
			return nil
		case info.IsDir():
			return p.folder(inside, mode(info), info.ModTime())
		}
		if err := p.above(inside); err != nil {
			return err
		}
		return p.object(inside, at, info)
	})
}

// object packs what is no folder.
func (p *packer) object(name, host string, info fs.FileInfo) (err error) {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		text, err := os.Readlink(host)
		if err != nil {
			return err
		}
		return p.archive.WriteHeader(&tar.Header{
			Format: tar.FormatPAX, Typeflag: tar.TypeSymlink, Name: name, Linkname: filepath.ToSlash(text), Mode: 0o777, ModTime: info.ModTime(),
		})
	case !info.Mode().IsRegular():
		return nil
	}
	file, err := hostfile.Open(p.ctx, host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err = file.Stat(); err != nil {
		return err
	}
	if err := p.file(name, mode(info), info.ModTime(), info.Size(), nil); err != nil {
		return err
	}
	n, err := io.Copy(p.archive, io.LimitReader(file, info.Size()))
	if err == nil && n < info.Size() {
		err = fmt.Errorf("%s has become shorter while it was read", host)
	}
	return err
}

// mode are the permissions. Windows has none that a guest could use.
func mode(info fs.FileInfo) fs.FileMode {
	if runtime.GOOS == "windows" {
		return 0o755 // as docker cp and docker build do there
	}
	return info.Mode()
}
