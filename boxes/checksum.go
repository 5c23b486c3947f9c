package boxes

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Checksum is the SHA-512 of a file as a published list of them has it, in
// the form of BSD's tools: SHA512 (NAME) = DIGEST. The list is only taken
// over HTTPS, redirections included.
func (c Cache) Checksum(ctx context.Context, list, name string) (string, error) {
	var last error
	for round := range rounds {
		if err := c.wait(ctx, round); err != nil {
			return "", err
		}
		body, err := c.secure(ctx, list, 1<<20)
		if err == nil {
			return checksumIn(body, list, name)
		}
		last = err
		if ctx.Err() != nil {
			break
		}
	}
	return "", &DownloadError{Name: "the digest of " + name, Errs: []error{last}}
}

func checksumIn(body, list, name string) (string, error) {
	for line := range strings.Lines(body) {
		digest, ok := strings.CutPrefix(strings.TrimSpace(line), "SHA512 ("+name+") = ")
		if !ok {
			continue
		}
		if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha512.Size {
			return "", fmt.Errorf("%s holds no SHA-512 for %s", list, name)
		}
		return strings.ToLower(digest), nil
	}
	return "", &UnlistedError{List: list, Name: name}
}

// UnlistedError says that a list of digests does not name a file.
type UnlistedError struct{ List, Name string }

func (e *UnlistedError) Error() string { return fmt.Sprintf("%s does not list %s", e.List, e.Name) }

// Hint is the next step for the user.
func (e *UnlistedError) Hint() string {
	return "this release may not be published for this architecture and file system, or no longer: look at the folder of the list in a browser"
}

// secure reads a small text that is trusted because of where it is from.
func (c Cache) secure(ctx context.Context, address string, limit int64) (string, error) {
	if !strings.HasPrefix(address, "https://") {
		return "", fmt.Errorf("%s is not HTTPS", address)
	}
	ctx, cancel := context.WithTimeout(ctx, c.stall())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	client := *c.client()
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if next.URL.Scheme != "https" || len(via) >= 10 {
			return fmt.Errorf("redirected to %s", next.URL.Redacted())
		}
		return nil
	}
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", address, res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit))
	if err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	return string(body), nil
}
