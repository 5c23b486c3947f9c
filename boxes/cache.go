package boxes

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/moby/sys/atomicwriter"
)

// Cache is the folder of images on the laptop, shared by all projects.
type Cache struct {
	Dir string
	// Client for HTTP; nil is one that follows the proxy settings.
	Client *http.Client
	// Stall is how long an answer may pause; 0 is a minute.
	Stall time.Duration
	// Pause is the wait between two rounds over the mirrors; 0 is 2 s.
	Pause time.Duration
}

// Progress is told how much of a file is done; total is 0 when unknown.
type Progress func(done, total int64)

// stamp is what was verified last: hashing hundreds of megabytes at each
// `up` would be most of its time. The guest verifies once more.
type stamp struct {
	SHA512 string    `json:"sha512"`
	Size   int64     `json:"size"`
	MTime  time.Time `json:"mtime"`
}

// Fetch gives the path of the image on the laptop and its SHA-512, and
// downloads it when it is not there. A file of the user's own is hashed.
func (c Cache) Fetch(ctx context.Context, img Image, progress Progress) (file, digest string, err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	if img.Path != "" {
		return c.own(ctx, img, progress)
	}
	if len(img.URLs) == 0 {
		return "", "", &NotFoundError{Kind: "engine image", Name: img.Name, Architecture: img.Architecture}
	}
	name, err := fileName(img.URLs[0])
	if err != nil {
		return "", "", err
	}
	file = filepath.Join(c.Dir, name)
	if digest, ok := verified(file, img.SHA512); ok {
		return file, digest, nil
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return "", "", fmt.Errorf("make the image cache: %w", err)
	}
	lock := flock.New(file + ".lock")
	if _, err := lock.TryLockContext(ctx, 250*time.Millisecond); err != nil {
		return "", "", fmt.Errorf("wait for another fbdock that fetches %s: %w", name, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	digest, err = c.locked(ctx, img, file, progress)
	if err != nil {
		return "", "", err
	}
	return file, digest, nil
}

// locked does the work once no other process does.
func (c Cache) locked(ctx context.Context, img Image, file string, progress Progress) (string, error) {
	if digest, ok := verified(file, img.SHA512); ok {
		return digest, nil // the other one has fetched it
	}
	want, err := c.wanted(ctx, img)
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(file); err == nil {
		if err := accept(ctx, file, file, want, "", progress); err == nil {
			return want, nil
		} else if ctx.Err() != nil {
			return "", err
		}
	}
	return want, c.download(ctx, img, file, want, progress)
}

// own hashes a file of the user's.
func (c Cache) own(ctx context.Context, img Image, progress Progress) (string, string, error) {
	digest, err := hashFile(ctx, img.Path, progress)
	if err != nil {
		return "", "", fmt.Errorf("read the engine image: %w", err)
	}
	if img.SHA512 != "" && !strings.EqualFold(digest, img.SHA512) {
		return "", "", &DigestError{File: img.Path, Want: img.SHA512, Got: digest}
	}
	return img.Path, digest, nil
}

// fileName takes the last part of an address for a file name of ours.
func fileName(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("address of an image: %w", err)
	}
	name := path.Base(u.Path)
	if name == "." || name == "/" || name == ".." || strings.ContainsAny(name, `\:`) {
		return "", fmt.Errorf("address %s names no file", address)
	}
	return name, nil
}

// verified trusts a stamp only for the very file that it was made of.
func verified(file, want string) (string, bool) {
	info, err := os.Stat(file)
	if err != nil {
		return "", false
	}
	data, err := os.ReadFile(file + ".verified")
	if err != nil {
		return "", false
	}
	var s stamp
	if json.Unmarshal(data, &s) != nil || s.Size != info.Size() || !s.MTime.Equal(info.ModTime()) || len(s.SHA512) != 2*sha512.Size {
		return "", false
	}
	return s.SHA512, want == "" || strings.EqualFold(want, s.SHA512)
}

// accept moves part to file when it has the digest, and deletes it when not.
func accept(ctx context.Context, part, file, want, address string, progress Progress) error {
	got, err := hashFile(ctx, part, progress)
	if err != nil {
		return fmt.Errorf("verify %s: %w", filepath.Base(file), err)
	}
	if !strings.EqualFold(got, want) {
		err := &DigestError{File: part, URL: address, Want: want, Got: got}
		return errors.Join(err, os.Remove(part))
	}
	if part != file {
		if err := os.Rename(part, file); err != nil {
			return fmt.Errorf("put the image in its place: %w", err)
		}
	}
	info, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("put the image in its place: %w", err)
	}
	data, err := json.Marshal(stamp{SHA512: got, Size: info.Size(), MTime: info.ModTime()})
	if err == nil {
		err = atomicwriter.WriteFile(file+".verified", data, 0o600)
	}
	if err == nil {
		err = atomicwriter.WriteFile(file+".sha512", []byte(got+"\n"), 0o600)
	}
	if err != nil {
		return fmt.Errorf("note the image's digest: %w", err)
	}
	return nil
}

func hashFile(ctx context.Context, name string, progress Progress) (digest string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", name)
	}
	h := sha512.New()
	buf := make([]byte, 1<<20)
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return "", context.Cause(ctx)
		}
		n, err := f.Read(buf)
		done += int64(n)
		_, _ = h.Write(buf[:n])
		progress(done, info.Size())
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}
