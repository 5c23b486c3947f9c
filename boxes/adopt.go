package boxes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What fbdock up to 0.1 kept in the cache: files by the last part of their
// address, each with what it was found to be beside it.
var oldSuffixes = []string{".verified", ".sha512", ".lock"}

// adopt takes over the files that an older fbdock kept by name. Each is
// hashed and gets its own digest for a name, whatever its old name promised:
// a file that is not what it was called is used by nobody who wants another.
// Downloads that did not end are dropped, as nothing says what they are of.
func (c Cache) adopt(ctx context.Context, files *folder, progress Progress) error {
	d, err := openFolder(c.Dir)
	if err != nil {
		return err
	}
	defer d.close()
	unlock, err := files.lock(ctx, "adopt", waiting{})
	if err != nil {
		return err
	}
	return errors.Join(adoptAll(ctx, d, progress), unlock())
}

func adoptAll(ctx context.Context, d *folder, progress Progress) error {
	names, err := d.old()
	if err != nil {
		return err
	}
	for _, name := range names {
		err := adoptOne(ctx, d, name, progress)
		if _, unsafe := errors.AsType[*UnsafeError](err); unsafe {
			continue // a link, as an example: it is not used, and stays
		}
		if err != nil {
			return fmt.Errorf("take over %s of an older fbdock: %w", d.path(name), err)
		}
	}
	return nil
}

// old are the names of images that an older fbdock has verified.
func (d *folder) old() ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list the image cache: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".verified"); ok && name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

func adoptOne(ctx context.Context, d *folder, name string, progress Progress) error {
	beside := []string{name + partSuffix}
	for _, suffix := range oldSuffixes {
		beside = append(beside, name+suffix)
	}
	f, err := d.open(name, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return d.remove(beside...)
	}
	if err != nil {
		return err
	}
	digest, err := hash(ctx, f, progress)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	// Whoever opens it by its digest hashes it again.
	if err := d.root.Rename(name, filepath.Join(store, digest)); err != nil {
		return err
	}
	return d.remove(beside...)
}

// isBeside tells the files that lie beside an image of an older fbdock.
func isBeside(name string) bool {
	for _, suffix := range oldSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}
