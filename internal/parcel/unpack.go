package parcel

import (
	"archive/tar"
	"crypto/rand"
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

	"github.com/fbdock/fbdock/internal/confine"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// Target is where an archive of a guest goes on this host.
type Target struct {
	// Dir is a folder of this host. Nothing is written outside of it, and no
	// symbolic link in it is followed.
	Dir string
	// Top is what every name in the archive begins with, As is what Top is
	// called in Dir. As "." is Dir itself, which stays as it is; otherwise
	// nothing else in Dir is touched.
	Top, As string
	// Private are files and folders that are not touched, wherever Dir is.
	Private []string
	// MaxFile wants one regular file of at most that many bytes; 0 takes files,
	// folders and links of any size.
	MaxFile int64
}

// Unpack reads an archive of a guest. What it says is not trusted: names are
// those of the target, links are made and never followed, and hard links lead
// only to what came in the same archive.
func Unpack(r io.Reader, to Target) (err error) {
	dir, err := filepath.EvalSymlinks(to.Dir)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return err
	}
	root, err := confine.Open(dir, confine.Options{Private: to.Private})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	u := unpacker{Target: to, root: root, files: map[string]bool{}, folders: map[string]confine.Changes{}}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return u.finish()
		}
		if err != nil {
			return fmt.Errorf("read what the guest sends: %w", err)
		}
		name, ok := u.name(h.Name)
		if !ok {
			return fmt.Errorf("the guest sends %q, which nobody has asked for", h.Name)
		}
		if name == "." {
			continue
		}
		if err := u.object(name, h, archive); err != nil {
			return fmt.Errorf("write %s: %w", filepath.Join(to.Dir, filepath.FromSlash(name)), err)
		}
	}
}

type unpacker struct {
	Target
	root *confine.Root
	// files are the regular files that came, by their names.
	files map[string]bool
	// folders are the attributes of folders, which are set when nothing more is
	// written there.
	folders map[string]confine.Changes
}

// name is a name of the archive in the target.
func (u *unpacker) name(sent string) (string, bool) {
	rest, ok := strings.CutPrefix(path.Clean(sent), u.Top)
	if !ok || rest != "" && rest[0] != '/' {
		return "", false
	}
	name := path.Join(u.As, rest)
	return name, filepath.IsLocal(filepath.FromSlash(name))
}

func (u *unpacker) object(name string, h *tar.Header, content io.Reader) error {
	if u.MaxFile > 0 && (h.Typeflag != tar.TypeReg || name != u.As) {
		return errors.New("it is not the file that was asked for")
	}
	folder := h.Typeflag == tar.TypeDir
	if info, err := u.root.Lstat(name); err == nil && info.IsDir() != folder {
		return fmt.Errorf("there is a %s of that name", map[bool]string{true: "folder", false: "file"}[info.IsDir()])
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if err := u.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		u.folders[name] = attributes(h)
		return nil
	case tar.TypeReg:
		return u.file(name, h, content)
	case tar.TypeSymlink:
		delete(u.files, name) // of a file that came before by that name
		return u.replace(name, func(temporary string) error { return u.root.Symlink(h.Linkname, temporary) })
	case tar.TypeLink:
		from, ok := u.name(h.Linkname)
		if !ok || !u.files[from] {
			return fmt.Errorf("it is a link to %q, which did not come with it", h.Linkname)
		}
		return u.replace(name, func(temporary string) error { return u.root.Link(from, temporary) })
	}
	return errors.New("it is no file, no folder and no link")
}

func (u *unpacker) file(name string, h *tar.Header, content io.Reader) (err error) {
	if u.MaxFile > 0 && h.Size > u.MaxFile {
		return &untrusted.TooLargeError{What: "what the guest sends", Limit: u.MaxFile}
	}
	err = u.replace(name, func(temporary string) error {
		f, err := u.root.Open(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, content)
		if err == nil {
			err = f.Set(attributes(h))
		}
		return errors.Join(err, f.Close())
	})
	u.files[name] = err == nil
	return err
}

// replace has an object made by a temporary name take the place of name: what
// was there before stays until the new one is whole.
func (u *unpacker) replace(name string, make func(temporary string) error) error {
	temporary := path.Join(path.Dir(name), ".fbdock-"+strings.ToLower(rand.Text()[:12]))
	err := make(temporary)
	if err == nil {
		err = u.root.Rename(temporary, name, true)
	}
	if err != nil {
		_ = u.root.Remove(temporary) // it may not have been made
	}
	return err
}

func attributes(h *tar.Header) confine.Changes {
	mode := fs.FileMode(h.Mode).Perm() //nolint:gosec // Perm takes nine bits
	return confine.Changes{Mode: &mode, Times: &confine.Times{Accessed: h.ModTime, Modified: h.ModTime}}
}

// finish sets the attributes of folders, the inner ones first.
func (u *unpacker) finish() error {
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(u.folders))) {
		if err := u.root.Set(name, u.folders[name]); err != nil {
			return fmt.Errorf("set the attributes of %s: %w", filepath.Join(u.Dir, filepath.FromSlash(name)), err)
		}
	}
	return nil
}
