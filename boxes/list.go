package boxes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Cached is a file of the cache.
type Cached struct {
	// File is the path in the cache's folder, slash-separated.
	File string
	Size int64
	// SHA512 is the digest that the file was stored by, "" for a partial one
	// and for one that an older fbdock kept by name. It is verified before
	// each use.
	SHA512 string
	// Wanted is the digest that a partial file is to have in the end.
	Wanted string
	// Partial is a download that was broken off and goes on at the next try.
	Partial bool
	// Name, Architecture and URL say what the file was fetched as.
	Name, Architecture, URL string
}

// List is what the cache holds.
func (c Cache) List() ([]Cached, error) {
	d, err := c.existingFolder()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.close()
	list, err := d.list(func(name string, size int64) (Cached, bool) {
		return Cached{File: name, Size: size, Partial: strings.HasSuffix(name, partSuffix)}, !isBeside(name)
	})
	if err != nil {
		return nil, err
	}
	files, err := c.existing()
	if errors.Is(err, fs.ErrNotExist) {
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	defer files.close()
	stored, err := files.list(files.stored)
	return append(list, stored...), err
}

// existingFolder opens the cache without making it.
func (c Cache) existingFolder() (*folder, error) {
	if _, err := os.Stat(c.Dir); err != nil {
		return nil, err
	}
	return openFolder(c.Dir)
}

// existing opens the folder of files by digest without making it.
func (c Cache) existing() (*folder, error) {
	if _, err := os.Stat(filepath.Join(c.Dir, store)); err != nil {
		return nil, err
	}
	return c.open()
}

// list makes an entry of every regular file that want takes.
func (d *folder) list(want func(name string, size int64) (Cached, bool)) ([]Cached, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list the image cache: %w", err)
	}
	var files []Cached
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if f, ok := want(e.Name(), info.Size()); ok {
			files = append(files, f)
		}
	}
	return files, nil
}

// stored is the entry of a file by digest, or of a part of one.
func (d *folder) stored(name string, size int64) (Cached, bool) {
	f := Cached{File: path.Join(store, name), Size: size}
	if part, ok := strings.CutSuffix(name, partSuffix); ok {
		n := d.note(part)
		f.Partial, f.Wanted, f.URL = true, n.SHA512, n.URL
		return f, true
	}
	if digest, err := digestOf(name); err != nil || digest != name {
		return f, false
	}
	l := d.label(name)
	f.SHA512, f.Name, f.Architecture, f.URL = name, l.Name, l.Architecture, l.URL
	return f, true
}

// removeWait is how long Remove waits for another fbdock that uses a file.
const removeWait = 100 * time.Millisecond

// Remove deletes a file of the cache and what lies beside it. One that
// another fbdock fetches at this time is refused.
func (c Cache) Remove(ctx context.Context, f Cached) (err error) {
	d, err := c.existingFolder()
	if err != nil {
		return fmt.Errorf("remove from the image cache: %w", err)
	}
	defer d.close()
	folder, name := path.Split(f.File)
	if folder != "" {
		return c.removeStored(ctx, f, name)
	}
	names := []string{name}
	for _, suffix := range oldSuffixes {
		names = append(names, name+suffix)
	}
	return d.remove(names...)
}

func (c Cache) removeStored(ctx context.Context, f Cached, name string) error {
	files, err := c.existing()
	if err != nil {
		return fmt.Errorf("remove from the image cache: %w", err)
	}
	defer files.close()
	if digest := f.SHA512 + f.Wanted; digest != "" {
		soon, cancel := context.WithTimeout(ctx, removeWait)
		defer cancel()
		unlock, err := files.lock(soon, digest, waiting{})
		if err != nil {
			return err
		}
		defer func() { _ = unlock() }() // only asked whether it is in use
	}
	return files.remove(slices.Compact([]string{name, strings.TrimSuffix(name, partSuffix) + ".json"})...)
}
