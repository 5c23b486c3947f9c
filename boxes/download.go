package boxes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"time"
)

const (
	rounds = 3 // over all addresses
	// maxImage bounds what a server announces, and what comes from one that
	// announces nothing.
	maxImage = 4 << 30
	// maxRedirects is what net/http allows by itself.
	maxRedirects = 10
)

// download tries the mirrors in turn, each from where it broke off itself,
// until a whole file has the digest.
func (c Cache) download(ctx context.Context, files *folder, img Image, progress Progress) (*File, error) {
	signed, err := c.proof(ctx, img)
	if err != nil {
		return nil, err
	}
	addresses := img.addresses()
	errs := make([]error, len(addresses))
	for round := range rounds {
		if err := c.wait(ctx, round); err != nil {
			return nil, err
		}
		for i, address := range addresses {
			f, resumed, err := c.attempt(ctx, files, img, signed, address, progress)
			if _, wrong := errors.AsType[*DigestError](err); wrong && resumed {
				// The beginning may have been that of another file.
				f, _, err = c.attempt(ctx, files, img, signed, address, progress)
			}
			if err == nil {
				return f, nil
			}
			if _, unsafe := errors.AsType[*UnsafeError](err); unsafe {
				return nil, err
			}
			if _, wrong := errors.AsType[*SignatureError](err); wrong {
				return nil, err // the digest is right: every mirror has this file
			}
			if ctx.Err() != nil {
				return nil, fmt.Errorf("download %s: %w", img.Name, context.Cause(ctx))
			}
			errs[i] = err
		}
	}
	return nil, &DownloadError{Name: img.Name, Errs: errs}
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

// attempt downloads from one address. resumed says that the file has a
// beginning of an earlier attempt.
func (c Cache) attempt(ctx context.Context, files *folder, img Image, signed *proof, address string, progress Progress) (f *File, resumed bool, err error) {
	p, err := files.partial(img.SHA512, address)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if f == nil {
			err = errors.Join(err, p.f.Close())
		}
	}()
	resumed = p.size > 0
	if p.note.Size == 0 || p.size < p.note.Size {
		if err := c.pull(ctx, p, progress); err != nil {
			return nil, resumed, err
		}
	}
	f, err = p.accept(ctx, img, signed, progress)
	return f, resumed, err
}

// pull adds what is missing.
func (c Cache) pull(ctx context.Context, p *partial, progress Progress) error {
	ctx, watch := c.watched(ctx)
	defer watch.stop()
	res, err := c.get(ctx, p)
	if err != nil {
		return watch.explain(err)
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode == http.StatusPartialContent && p.size > 0:
		if err := p.continues(res); err != nil {
			return errors.Join(err, p.restart(note{SHA512: p.note.SHA512, URL: p.note.URL}))
		}
	case res.StatusCode == http.StatusOK:
		if err := p.restart(p.noted(res)); err != nil {
			return err
		}
	case res.StatusCode == http.StatusRequestedRangeNotSatisfiable && p.size > 0:
		err := fmt.Errorf("%s: %s", p.note.URL, res.Status)
		return errors.Join(err, p.restart(note{SHA512: p.note.SHA512, URL: p.note.URL}))
	default:
		return fmt.Errorf("%s: %s", p.note.URL, res.Status)
	}
	if p.note.Size > maxImage {
		return fmt.Errorf("%s announces %d bytes, and no image has more than %d", p.note.URL, p.note.Size, int64(maxImage))
	}
	return watch.explain(p.copy(ctx, res.Body, watch, progress))
}

// continues checks that a part of the file begins where what came so far
// ends, and goes to the end of the very file that was announced before.
func (p *partial) continues(res *http.Response) error {
	var first, last, total int64
	text := res.Header.Get("Content-Range")
	_, err := fmt.Sscanf(text, "bytes %d-%d/%d", &first, &last, &total)
	if err != nil || first != p.size || last >= total || p.note.Size != 0 && total != p.note.Size {
		return fmt.Errorf("%s: %s with the range %q, after %d bytes of %d", p.note.URL, res.Status, text, p.size, p.note.Size)
	}
	if tag := res.Header.Get("ETag"); tag != "" && p.note.ETag != "" && tag != p.note.ETag {
		return fmt.Errorf("%s has changed since the download began", p.note.URL)
	}
	p.note.Size = total
	return nil
}

// copy takes the body, at most as much as was announced.
func (p *partial) copy(ctx context.Context, body io.Reader, watch *watchdog, progress Progress) error {
	limit := p.note.Size
	if limit == 0 {
		limit = maxImage
	}
	buf := make([]byte, 256<<10)
	for {
		n, err := body.Read(buf)
		watch.alive()
		if p.size+int64(n) > limit {
			tooMuch := fmt.Errorf("%s sends more than the %d bytes that it may have", p.note.URL, limit)
			return errors.Join(tooMuch, p.restart(note{SHA512: p.note.SHA512, URL: p.note.URL}))
		}
		if _, werr := p.f.Write(buf[:n]); werr != nil {
			return fmt.Errorf("image cache: %w", werr)
		}
		p.size += int64(n)
		progress(p.size, p.note.Size)
		if errors.Is(err, io.EOF) {
			// Without a size announced, the end of an answer that was given
			// up looks like the end of the file.
			if p.size >= p.note.Size && (p.note.Size > 0 || ctx.Err() == nil) {
				return p.f.Sync()
			}
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("%s broke off after %d bytes: %w", filepath.Base(p.note.URL), p.size, err)
		}
	}
}

func (c Cache) get(ctx context.Context, p *partial) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.note.URL, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity") // offsets are those of the file
	if p.size > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		req.Header.Set("If-Range", p.note.validator())
	}
	// The digest decides, so that any host will do; but nobody leads from
	// HTTPS to plain HTTP.
	return c.client(func(next *http.Request) error {
		if next.URL.Scheme != "https" && req.URL.Scheme == "https" {
			return &RedirectError{From: p.note.URL, To: next.URL.Redacted(), Reason: "an image is not fetched over plain HTTP after HTTPS"}
		}
		return nil
	}).Do(req)
}

// client is the HTTP client with a check of where it is redirected to.
func (c Cache) client(allow func(next *http.Request) error) *http.Client {
	client := http.Client{Transport: http.DefaultTransport}
	if c.Client != nil {
		client = *c.Client
	}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) >= maxRedirects {
			return fmt.Errorf("redirected more than %d times, at last to %s", maxRedirects, next.URL.Redacted())
		}
		return allow(next)
	}
	return &client
}

func (c Cache) stall() time.Duration {
	if c.Stall > 0 {
		return c.Stall
	}
	return time.Minute
}
