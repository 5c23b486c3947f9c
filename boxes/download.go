package boxes

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	rounds = 3 // over all addresses
	// maxImage stops a server that never ends.
	maxImage = 4 << 30
)

// wanted is the digest that the image has to have: the one given, else the
// one published beside the first address. Never from another mirror: who
// changes the file there would change the digest with it.
func (c Cache) wanted(ctx context.Context, img Image) (string, error) {
	if img.SHA512 != "" {
		return strings.ToLower(img.SHA512), nil
	}
	address := img.URLs[0] + ".sha512"
	if !strings.HasPrefix(address, "https://") {
		return "", fmt.Errorf("digest of %s: %s is not HTTPS", img.Name, address)
	}
	var last error
	for round := range rounds {
		if err := c.wait(ctx, round); err != nil {
			return "", err
		}
		digest, err := c.published(ctx, address)
		if err == nil {
			return digest, nil
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	return "", &DownloadError{Name: "the digest of " + img.Name, Errs: []error{last}}
}

// published reads a .sha512 file: the bare digest, or as sha512sum prints
// it, with a name behind.
func (c Cache) published(ctx context.Context, address string) (string, error) {
	body, err := c.secure(ctx, address, 4096)
	if err != nil {
		return "", err
	}
	word := append(strings.Fields(body), "")[0]
	if raw, err := hex.DecodeString(word); err != nil || len(raw) != sha512.Size {
		return "", fmt.Errorf("%s holds no SHA-512", address)
	}
	return strings.ToLower(word), nil
}

// download tries the mirrors in turn, each from where the last one broke
// off, until a whole file has the digest.
func (c Cache) download(ctx context.Context, img Image, file, want string, progress Progress) error {
	part := file + ".part"
	errs := make([]error, len(img.URLs))
	for round := range rounds {
		if err := c.wait(ctx, round); err != nil {
			return err
		}
		for i, address := range img.URLs {
			resumed, err := c.pull(ctx, address, part, progress)
			if err == nil {
				err = accept(ctx, part, file, want, address, progress)
			}
			if _, wrong := errors.AsType[*DigestError](err); wrong && resumed {
				// The beginning may be another mirror's fault: once more, whole.
				if _, err = c.pull(ctx, address, part, progress); err == nil {
					err = accept(ctx, part, file, want, address, progress)
				}
			}
			if err == nil {
				return nil
			}
			if ctx.Err() != nil {
				return fmt.Errorf("download %s: %w", img.Name, context.Cause(ctx))
			}
			errs[i] = err
		}
	}
	return &DownloadError{Name: img.Name, Errs: errs}
}

// wait keeps rounds after the first apart.
func (c Cache) wait(ctx context.Context, round int) error {
	if round == 0 {
		return nil
	}
	pause := c.Pause
	if pause == 0 {
		pause = 2 * time.Second
	}
	t := time.NewTimer(pause * time.Duration(round))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// pull adds to part what address has beyond it. resumed says that part had
// a beginning that was kept.
func (c Cache) pull(ctx context.Context, address, part string, progress Progress) (resumed bool, err error) {
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("image cache: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	offset, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return false, fmt.Errorf("image cache: %w", err)
	}
	ctx, watch := c.watched(ctx)
	defer watch.stop()
	res, err := c.get(ctx, address, offset)
	if err != nil {
		return offset > 0, watch.explain(err)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && offset > 0:
		return true, nil // all is here, or too much: the digest tells
	case res.StatusCode == http.StatusPartialContent && begins(res) == offset:
	case res.StatusCode == http.StatusOK:
		offset = 0
	default:
		return offset > 0, fmt.Errorf("%s: %s %s", address, res.Status, res.Header.Get("Content-Range"))
	}
	if err := keep(f, offset); err != nil {
		return offset > 0, err
	}
	return offset > 0, watch.explain(c.copy(f, res, offset, watch, progress))
}

func (c Cache) copy(f *os.File, res *http.Response, offset int64, watch *watchdog, progress Progress) error {
	total := int64(0)
	if res.ContentLength >= 0 {
		total = offset + res.ContentLength
	}
	buf := make([]byte, 256<<10)
	for done := offset; ; {
		n, err := res.Body.Read(buf)
		watch.alive()
		if _, werr := f.Write(buf[:n]); werr != nil {
			return fmt.Errorf("image cache: %w", werr)
		}
		done += int64(n)
		progress(done, total)
		if done > maxImage {
			return errors.Join(fmt.Errorf("%s does not end", res.Request.URL.Redacted()), f.Truncate(0))
		}
		if errors.Is(err, io.EOF) {
			return f.Sync()
		}
		if err != nil {
			return fmt.Errorf("%s broke off after %d bytes: %w", filepath.Base(res.Request.URL.Path), done, err)
		}
	}
}

// keep cuts the file to the bytes that stay and goes to their end.
func keep(f *os.File, offset int64) error {
	if err := f.Truncate(offset); err != nil {
		return fmt.Errorf("image cache: %w", err)
	}
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return fmt.Errorf("image cache: %w", err)
	}
	return nil
}

func (c Cache) get(ctx context.Context, address string, offset int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // offsets are those of the file
	if offset > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", offset))
	}
	return c.client().Do(req)
}

// begins is the first byte of a partial answer, -1 when it does not say.
func begins(res *http.Response) int64 {
	text, ok := strings.CutPrefix(res.Header.Get("Content-Range"), "bytes ")
	first, _, dash := strings.Cut(text, "-")
	n, err := strconv.ParseInt(first, 10, 64)
	if !ok || !dash || err != nil {
		return -1
	}
	return n
}

func (c Cache) client() *http.Client {
	if c.Client != nil {
		return c.Client
	}
	return http.DefaultClient
}

func (c Cache) stall() time.Duration {
	if c.Stall > 0 {
		return c.Stall
	}
	return time.Minute
}
