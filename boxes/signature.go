package boxes

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Signer is who signs an image: an OpenPGP key (RFC 9580), known by its
// fingerprint, so that it does not matter where the key comes from.
type Signer struct {
	Key         string `json:"key"`         // address of the key, armoured
	Fingerprint string `json:"fingerprint"` // in hexadecimal
	Source      string `json:"source"`      // of the fingerprint
}

func (s Signer) check() error {
	raw, err := hex.DecodeString(s.Fingerprint)
	if err != nil || len(raw) != 20 && len(raw) != 32 || s.Source == "" || !strings.HasPrefix(s.Key, "https://") {
		return fmt.Errorf("the signer %q has no fingerprint, none with a source, or no key over HTTPS", s.Fingerprint)
	}
	return nil
}

const (
	// maxKey and maxSignature bound what servers send; the key has some 5 kB,
	// a signature less than one.
	maxKey       = 256 << 10
	maxSignature = 16 << 10
)

// proof is what an image is checked with beside its digest; nil wants nothing.
type proof struct {
	name      string
	keys      openpgp.EntityList
	signature []byte
}

// proof fetches the signer's key and the signature of an image, which lies
// beside the file with ".asc" behind its name. A digest that a project has
// pinned was checked when it was taken, and needs no signature.
func (c Cache) proof(ctx context.Context, img Image) (*proof, error) {
	if img.Signer == nil {
		return nil, nil //nolint:nilnil // nothing is wanted
	}
	key, err := c.text(ctx, img.Signer.Key, maxKey)
	if err != nil {
		return nil, &SignatureError{Name: img.Name, Err: fmt.Errorf("the key of its signer is not found: %w", err), Missing: true}
	}
	signer, err := find(key, img.Signer)
	if err != nil {
		return nil, &SignatureError{Name: img.Name, Err: err}
	}
	var errs []error
	for _, address := range img.URLs {
		signature, err := c.text(ctx, address+".asc", maxSignature)
		if err == nil {
			return &proof{img.Name, openpgp.EntityList{signer}, signature}, nil
		}
		errs = append(errs, err)
	}
	return nil, &SignatureError{Name: img.Name, Err: fmt.Errorf("its signature is not found: %w", errors.Join(errs...)), Missing: true}
}

// find is the key with the fingerprint among those of a file.
func find(key []byte, s *Signer) (*openpgp.Entity, error) {
	entities, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(key))
	if err != nil {
		return nil, fmt.Errorf("%s is no OpenPGP key: %w", s.Key, err)
	}
	for _, e := range entities {
		if strings.EqualFold(hex.EncodeToString(e.PrimaryKey.Fingerprint), s.Fingerprint) {
			return e, nil
		}
	}
	return nil, fmt.Errorf("%s is not the key %s", s.Key, s.Fingerprint)
}

// check verifies a file against the signature.
func (p *proof) check(ctx context.Context, f *os.File) error {
	if p == nil {
		return nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := openpgp.CheckArmoredDetachedSignature(p.keys, readerFunc(func(b []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		return f.Read(b)
	}), bytes.NewReader(p.signature), nil)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return &SignatureError{Name: p.name, Err: fmt.Errorf("its signature is wrong: %w", err)}
	}
	_, err = f.Seek(0, io.SeekStart)
	return err
}

type readerFunc func(b []byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// text reads a small file, which is checked by what is in it. Nobody leads from
// HTTPS to plain HTTP.
func (c Cache) text(ctx context.Context, address string, most int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.stall())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	res, err := c.client(func(next *http.Request) error {
		if next.URL.Scheme != "https" && req.URL.Scheme == "https" {
			return &RedirectError{From: address, To: next.URL.Redacted(), Reason: "nothing is fetched over plain HTTP after HTTPS"}
		}
		return nil
	}).Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	if err == nil && int64(len(body)) > most {
		err = fmt.Errorf("%s is larger than %d bytes", address, most)
	}
	return body, err
}

// SignatureError says that an image is not what its publisher has signed, or
// that nothing says so.
type SignatureError struct {
	Name    string
	Err     error
	Missing bool // what it is checked with could not be fetched
}

func (e *SignatureError) Error() string { return fmt.Sprintf("%s is not used: %v", e.Name, e.Err) }
func (e *SignatureError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *SignatureError) Hint() string {
	if e.Missing {
		return "check the network and try again; a project whose lock file pins the image needs no signature"
	}
	return "nothing of it is kept; if that repeats, something between here and the mirror changes files, or its publisher has another key than the catalogue of this fbdock"
}
