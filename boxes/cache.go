package boxes

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/hostfile"
)

// Cache is the folder of images on the host, shared by all projects. A file
// in it is found by its digest and by nothing else, so that no name or
// address of one project can stand for the file of another.
type Cache struct {
	Dir string
	// Client for HTTP; nil is one that follows the proxy settings.
	Client *http.Client
	// Stall is how long an answer may pause; 0 is a minute.
	Stall time.Duration
	// Pause is the wait between two rounds over the mirrors; 0 is 2 s.
	Pause time.Duration
	// Busy is told that another fbdock of this user has been fetching a file
	// since a time, and is waited for; nil where nobody has to know.
	Busy func(img Image, since time.Time)
	// OpenOwn opens a file of the user's own; nil opens it wherever its path
	// leads.
	OpenOwn func(ctx context.Context, path string) (*os.File, error)
}

// Progress is told how much of a file is done; total is 0 when unknown.
type Progress func(done, total int64)

// store is the folder in the cache whose files have their digests for names.
const store = "sha512"

// File is an image, opened: what is read from it is what was verified.
type File struct {
	*os.File
	Path   string
	SHA512 string
}

// label says to a person what a file of the cache is. It decides nothing.
type label struct {
	Name         string `json:"name"`
	Architecture string `json:"architecture"`
	URL          string `json:"url,omitempty"` // where it was fetched from
}

// Fetch gives the image with the digest that it has to have, and downloads it
// when it is not in the cache. A file of the user's own is hashed.
func (c Cache) Fetch(ctx context.Context, img Image, progress Progress) (*File, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	if img.Path != "" {
		return c.own(ctx, img, progress)
	}
	if len(img.URLs) == 0 {
		return nil, &NotFoundError{Kind: "image", Name: img.Name, Architecture: img.Architecture}
	}
	want, err := c.Digest(ctx, img)
	if err != nil {
		return nil, err
	}
	img.SHA512, img.Vouched = want, img.Vouched || img.SHA512 == ""
	files, err := c.open()
	if err != nil {
		return nil, err
	}
	defer files.close()
	unlock, err := files.lock(ctx, want, c.waiting(files, img, progress))
	if err != nil {
		return nil, err
	}
	f, err := c.locked(ctx, files, img, progress)
	if err := errors.Join(err, unlock()); err != nil {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		return nil, err
	}
	return f, nil
}

// waiting tells of the wait for another fbdock that fetches the same file, and how
// far that one is.
func (c Cache) waiting(files *folder, img Image, progress Progress) waiting {
	w := waiting{tick: func() {
		if done, total := files.arrived(img); done > 0 {
			progress(done, total)
		}
	}}
	if c.Busy != nil {
		w.busy = func(since time.Time) { c.Busy(img, since) }
	}
	return w
}

// open is the folder of files by digest.
func (c Cache) open() (*folder, error) {
	d, err := openFolder(c.Dir)
	if err != nil {
		return nil, err
	}
	defer d.close()
	return d.sub(store)
}

// locked does the work once no other process does.
func (c Cache) locked(ctx context.Context, files *folder, img Image, progress Progress) (*File, error) {
	f, err := files.verified(ctx, img.SHA512, progress)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	if err := c.adopt(ctx, files, progress); err != nil {
		return nil, err
	}
	f, err = files.verified(ctx, img.SHA512, progress)
	if !errors.Is(err, fs.ErrNotExist) {
		return f, err
	}
	return c.download(ctx, files, img, progress)
}

// verified opens the file with a digest and hashes what it has opened. A
// damaged file is deleted and counts as none.
func (d *folder) verified(ctx context.Context, want string, progress Progress) (*File, error) {
	f, err := d.open(want, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	got, err := hash(ctx, f, progress)
	if err == nil && got != want {
		err = d.remove(want, want+".json")
		err = errors.Join(fmt.Errorf("%s is damaged: %w", d.path(want), fs.ErrNotExist), err)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &File{File: f, Path: d.path(got), SHA512: got}, nil
}

// Path is where the cache has, or would have, the file with a digest.
func (c Cache) Path(digest string) string {
	return filepath.Join(c.Dir, store, strings.ToLower(digest))
}

// Origin is the address that the file with a digest was fetched from; "" when
// that is not known. It says where a file came from, not what it is.
func (c Cache) Origin(digest string) string {
	files, err := c.existing()
	if err != nil {
		return ""
	}
	defer files.close()
	return files.label(strings.ToLower(digest)).URL
}

func (d *folder) label(digest string) label {
	var l label
	data, err := d.read(digest + ".json")
	if err != nil || json.Unmarshal(data, &l) != nil || !printable(l.Name+l.Architecture+l.URL) {
		return label{}
	}
	return l
}

func (d *folder) setLabel(digest string, l label) error {
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return d.write(digest+".json", data)
}

func printable(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

// own hashes a file of the user's, which may be reached by links.
func (c Cache) own(ctx context.Context, img Image, progress Progress) (*File, error) {
	open := c.OpenOwn
	if open == nil {
		open = hostfile.Open
	}
	f, err := open(ctx, img.Path)
	if err != nil {
		return nil, fmt.Errorf("read the engine image: %w", err)
	}
	digest, err := hash(ctx, f, progress)
	if err == nil && img.SHA512 != "" && !strings.EqualFold(digest, img.SHA512) {
		err = &DigestError{File: img.Path, Want: img.SHA512, Got: digest}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the engine image: %w", err), f.Close())
	}
	return &File{File: f, Path: img.Path, SHA512: digest}, nil
}

// hash reads a file from its beginning to its end, and goes back.
func hash(ctx context.Context, f *os.File, progress Progress) (digest string, err error) {
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	h := sha512.New()
	buf := make([]byte, 1<<20)
	for done := int64(0); ; {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		n, err := f.Read(buf)
		done += int64(n)
		_, _ = h.Write(buf[:n])
		progress(done, info.Size())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
