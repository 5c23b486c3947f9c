package parcel

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Unpack reads an archive of a guest, whose names begin with top, into a
// folder of this host, where top is called as. as "." is the folder itself,
// which stays as it is. Nothing is written outside of the folder, whatever
// the archive says.
func Unpack(r io.Reader, dir, top, as string) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	u := unpacker{root: root}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return u.finish()
		}
		if err != nil {
			return fmt.Errorf("read what the guest sends: %w", err)
		}
		rest, ok := strings.CutPrefix(path.Clean(h.Name), top)
		if !ok || rest != "" && rest[0] != '/' {
			return fmt.Errorf("the guest sends %q, which nobody has asked for", h.Name)
		}
		name := path.Join(as, rest)
		if name == "." {
			continue
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return fmt.Errorf("the guest sends %q, which is no name in a folder", h.Name)
		}
		if err := u.object(filepath.FromSlash(name), as, top, h, archive); err != nil {
			return fmt.Errorf("write %s: %w", filepath.Join(dir, filepath.FromSlash(name)), err)
		}
	}
}

type unpacker struct {
	root *os.Root
	// attributes of folders are set when nothing more is written there.
	folders []*tar.Header
	names   []string
}

func (u *unpacker) object(name, as, top string, h *tar.Header, content io.Reader) error {
	if info, err := u.root.Lstat(name); err == nil && (!info.IsDir() || h.Typeflag != tar.TypeDir) {
		if info.IsDir() {
			return errors.New("there is a folder of that name")
		}
		if h.Typeflag == tar.TypeDir {
			return errors.New("there is a file of that name")
		}
		if err := u.root.Remove(name); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if err := u.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		u.folders, u.names = append(u.folders, h), append(u.names, name)
		return nil
	case tar.TypeReg:
		return u.file(name, h, content)
	case tar.TypeSymlink:
		return u.root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		rest, ok := strings.CutPrefix(path.Clean(h.Linkname), top)
		if !ok {
			return fmt.Errorf("it is a link to %q, outside of what is sent", h.Linkname)
		}
		return u.root.Link(filepath.FromSlash(path.Join(as, rest)), name)
	}
	return errors.New("it is no file, no folder and no link")
}

func (u *unpacker) file(name string, h *tar.Header, content io.Reader) (err error) {
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return u.attributes(name, h)
}

func (u *unpacker) attributes(name string, h *tar.Header) error {
	if err := u.root.Chmod(name, fs.FileMode(h.Mode).Perm()); err != nil { //nolint:gosec // Perm takes nine bits
		return err
	}
	return u.root.Chtimes(name, h.ModTime, h.ModTime)
}

// finish sets the attributes of folders, the inner ones first.
func (u *unpacker) finish() error {
	for i, name := range slices.Backward(u.names) {
		if err := u.attributes(name, u.folders[i]); err != nil {
			return err
		}
	}
	return nil
}
