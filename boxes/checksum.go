package boxes

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxList bounds a list of digests; FreeBSD's has some 3 kB.
const maxList = 1 << 20

// Digest is the SHA-512 that the image has to have: the one given, else the
// one that the publisher lists. The list is taken from the publisher's own
// hosts and over HTTPS, redirections included, because it is trusted for
// where it is from. It is never taken from beside a mirror of the file: who
// changes the file there would change the digest with it.
func (c Cache) Digest(ctx context.Context, img Image) (string, error) {
	if img.SHA512 != "" {
		return digestOf(img.SHA512)
	}
	if len(img.URLs) == 0 {
		return "", &NotFoundError{Kind: "image", Name: img.Name, Architecture: img.Architecture}
	}
	list, file := img.list()
	body, err := c.Listing(ctx, img, list)
	if err != nil {
		return "", err
	}
	if img.Checksums != "" {
		return listed(body, list, file)
	}
	return bare(body, list, file)
}

// Listing is a small text that says of an image what its publisher has: a list of
// digests, or the listing of a folder. It is taken as Digest takes a list.
func (c Cache) Listing(ctx context.Context, img Image, address string) (string, error) {
	// A folder ends with a slash, which the address of a file does not.
	if !img.Published(strings.TrimSuffix(address, "/")) {
		return "", fmt.Errorf("the digest of %s is only taken from its publisher over HTTPS, not from %s", img.Name, address)
	}
	var last error
	for round := range rounds {
		if err := c.wait(ctx, round); err != nil {
			return "", err
		}
		body, err := c.secure(ctx, img, address)
		if err == nil {
			return body, nil
		}
		last = err
		if _, refused := errors.AsType[*RedirectError](err); refused || ctx.Err() != nil {
			break
		}
	}
	return "", &DownloadError{Name: "the digest of " + img.Name, Errs: []error{last}}
}

// Listed are the names in a list of digests in the form of BSD's tools.
func Listed(list string) (names []string) {
	for line := range strings.Lines(list) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "SHA512 ("), ") = "); ok && strings.HasPrefix(line, "SHA512 (") {
			names = append(names, name)
		}
	}
	return names
}

// DigestIn is the digest that such a list from an address has of a file.
func DigestIn(list, address, name string) (string, error) { return listed(list, address, name) }

// listed finds a file in the form of BSD's tools: SHA512 (NAME) = DIGEST. The
// name is compared as a whole, and a file that is listed twice is refused.
func listed(body, list, name string) (string, error) {
	found := ""
	for line := range strings.Lines(body) {
		text, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "SHA512 ("+name+") = ")
		if !ok {
			continue
		}
		digest, err := digestOf(text)
		if err != nil {
			return "", fmt.Errorf("%s, for %s: %w", list, name, err)
		}
		if found != "" && found != digest {
			return "", fmt.Errorf("%s lists %s twice, with different digests", list, name)
		}
		found = digest
	}
	if found == "" {
		return "", &UnlistedError{List: list, Name: name}
	}
	return found, nil
}

// bare reads a .sha512 file: one line with the digest alone, or as sha512sum
// prints it, with the name of the file behind.
func bare(body, list, name string) (string, error) {
	line := strings.TrimRight(body, "\r\n")
	digest, rest, named := strings.Cut(line, " ")
	// sha512sum writes " NAME" for text and "*NAME" for binary mode.
	if named && rest != " "+name && rest != "*"+name {
		return "", &UnlistedError{List: list, Name: name}
	}
	digest, err := digestOf(digest)
	if err != nil {
		return "", fmt.Errorf("%s: %w", list, err)
	}
	return digest, nil
}

// digestOf is a SHA-512 in its one form: 128 lower-case hexadecimal digits.
func digestOf(text string) (string, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != sha512.Size {
		return "", fmt.Errorf("%.40q is no SHA-512", text)
	}
	return hex.EncodeToString(raw), nil
}

// UnlistedError says that a list of digests does not name a file.
type UnlistedError struct{ List, Name string }

func (e *UnlistedError) Error() string { return fmt.Sprintf("%s does not list %s", e.List, e.Name) }

// Hint is the next step for the user.
func (e *UnlistedError) Hint() string {
	return "this release may not be published for this architecture and file system, or no longer: look at the folder of the list in a browser"
}

// secure reads a small text that is trusted because of where it is from.
func (c Cache) secure(ctx context.Context, img Image, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.stall())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	res, err := c.client(func(next *http.Request) error {
		if next.URL.Scheme != "https" || !img.host(next.URL.Host) {
			return &RedirectError{From: address, To: next.URL.Redacted(), Reason: "a digest is only taken from the publisher's own hosts over HTTPS"}
		}
		return nil
	}).Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", address, res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxList+1))
	if err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	if len(body) > maxList {
		return "", fmt.Errorf("%s is larger than %d bytes: it is no list of digests", address, maxList)
	}
	return string(body), nil
}
