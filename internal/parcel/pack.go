// Package parcel carries the files of one command to a guest and back, as tar
// archives. It knows neither SSH nor docker. What it reads and writes on this
// host goes through internal/confine: links are not followed, and what is
// private to fbdock neither leaves the host nor is changed.
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
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/confine"
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
// link, such as a socket, is left out, as docker leaves out sockets. So is what
// lies in private, which are absolute paths; an item that does is an error.
func Pack(ctx context.Context, w io.Writer, items []Item, private []string) error {
	p := packer{ctx: ctx, archive: tar.NewWriter(w), made: map[string]bool{}, private: private}
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
	private []string
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
	// The links on the way to it are the user's.
	dir, base := filepath.Split(filepath.Clean(item.Host))
	dir, err := filepath.EvalSymlinks(dir)
	host := filepath.Join(dir, base)
	if err == nil && item.Follow {
		host, err = filepath.EvalSymlinks(host)
	}
	if err != nil {
		return err
	}
	if holder := confine.Private(host, p.private); holder != "" {
		return &confine.PrivateError{Dir: item.Host, Private: holder}
	}
	info, err := os.Lstat(host)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return p.tree(item, host)
	}
	return p.inside(filepath.Dir(host), func(root *confine.Root) error {
		name := filepath.Base(host)
		info, err := root.Lstat(name)
		if err != nil {
			return err
		}
		return p.object(root, item.Name, name, info)
	})
}

// inside opens a folder to be read.
func (p *packer) inside(dir string, read func(*confine.Root) error) (err error) {
	root, err := confine.Open(dir, confine.Options{ReadOnly: true, Private: p.private})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return read(root)
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

// tree packs a folder of this host.
func (p *packer) tree(item Item, host string) error {
	var without *ignored
	if item.Context {
		var err error
		if without, err = ignoredIn(p.ctx, host, item.Dockerfiles); err != nil {
			return err
		}
	}
	return p.inside(host, func(root *confine.Root) error {
		top, err := root.Lstat(".")
		if err != nil {
			return err
		}
		if err := p.folder(item.Name, mode(top), top.ModTime()); err != nil {
			return err
		}
		return p.walk(root, item.Name, ".", without)
	})
}

// walk packs what is in the folder rel, in the order of names.
func (p *packer) walk(root *confine.Root, top, rel string, without *ignored) error {
	infos, err := list(root, rel)
	if err != nil {
		return err
	}
	for _, info := range infos {
		if p.ctx.Err() != nil {
			return context.Cause(p.ctx)
		}
		rel := path.Join(rel, info.Name())
		name := path.Join(top, rel)
		out, prune := without.leaves(filepath.FromSlash(rel))
		switch {
		case out && (prune || !info.IsDir()):
			continue
		case out:
		case info.IsDir():
			err = p.folder(name, mode(info), info.ModTime())
		default:
			if err = p.above(name); err == nil {
				err = p.object(root, name, rel, info)
			}
		}
		if err == nil && info.IsDir() {
			err = p.walk(root, top, rel, without)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func list(root *confine.Root, name string) (infos []confine.Info, err error) {
	dir, err := root.OpenDir(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	for {
		more, err := dir.Next(1000)
		infos = append(infos, more...)
		if errors.Is(err, io.EOF) {
			slices.SortFunc(infos, func(a, b confine.Info) int { return strings.Compare(a.Name(), b.Name()) })
			return infos, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// object packs what is no folder.
func (p *packer) object(root *confine.Root, name, at string, info confine.Info) (err error) {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		text, err := root.Readlink(at)
		if err != nil {
			return err
		}
		return p.archive.WriteHeader(&tar.Header{
			Format: tar.FormatPAX, Typeflag: tar.TypeSymlink, Name: name, Linkname: filepath.ToSlash(text), Mode: 0o777, ModTime: info.ModTime(),
		})
	case !info.Mode().IsRegular():
		return nil
	}
	file, err := root.Open(at, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if info, err = file.Info(); err != nil {
		return err
	}
	if err := p.file(name, mode(info), info.ModTime(), info.Size(), nil); err != nil {
		return err
	}
	n, err := io.Copy(p.archive, io.LimitReader(file, info.Size()))
	if err == nil && n < info.Size() {
		err = fmt.Errorf("%s has become shorter while it was read", at)
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
