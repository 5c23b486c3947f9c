package boxes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
)

// partial is a download under way: the bytes that came so far in one file,
// and in another what they are of. It belongs to one digest and one address.
type partial struct {
	dir  *folder
	name string
	f    *os.File
	note note
	size int64 // of what came so far
}

// note is what has to stay the same for a download to go on.
type note struct {
	SHA512 string `json:"sha512"` // wanted
	URL    string `json:"url"`
	// ETag and LastModified are the server's words for one state of the
	// file. One of them is asked for with If-Range (RFC 9110, 13.1.5).
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	// Size of the whole file as the server announced it; 0 when it did not.
	Size int64 `json:"size,omitempty"`
}

const partSuffix = ".part"

// partOf names the files of a download. The address is hashed, so that
// nothing in it has a meaning for the file system.
func partOf(want, address string) string {
	sum := sha256.Sum256([]byte(want + "\n" + address))
	return hex.EncodeToString(sum[:20])
}

// partial opens the download of a digest from an address, going on with what
// an earlier one has left when that is of the same.
func (d *folder) partial(want, address string) (*partial, error) {
	p := &partial{dir: d, name: partOf(want, address)}
	var err error
	if p.f, err = d.open(p.name+partSuffix, os.O_RDWR); errors.Is(err, fs.ErrNotExist) {
		p.f, err = d.create(p.name + partSuffix)
	}
	if err != nil {
		return nil, fmt.Errorf("image cache: %w", err)
	}
	if p.size, err = p.f.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(fmt.Errorf("image cache: %w", err), p.f.Close())
	}
	old := d.note(p.name)
	p.note = note{SHA512: want, URL: address}
	if p.size > 0 && old.SHA512 == want && old.URL == address && old.validator() != "" && (old.Size == 0 || p.size <= old.Size) {
		p.note = old
	} else if err := p.restart(p.note); err != nil {
		return nil, errors.Join(err, p.f.Close())
	}
	return p, nil
}

// arrived is how much of an image another process has, of all that it is to have;
// total is 0 where that is not known.
func (d *folder) arrived(img Image) (done, total int64) {
	for _, address := range img.addresses() {
		name := partOf(img.SHA512, address)
		if info, err := d.look(name + partSuffix); err == nil && info.Size() > done {
			done, total = info.Size(), d.note(name).Size
		}
	}
	return done, total
}

func (d *folder) note(name string) (n note) {
	data, err := d.read(name + ".json")
	if err != nil || json.Unmarshal(data, &n) != nil || !printable(n.URL+n.ETag+n.LastModified) {
		return note{}
	}
	return n
}

// validator is what names one state of the file; "" when there is nothing
// that a server compares byte for byte.
func (n note) validator() string {
	if strings.HasPrefix(n.ETag, `"`) {
		return n.ETag // W/"..." is weak: another file may have it
	}
	return n.LastModified
}

// noted is the note of an answer that has the whole file.
func (p *partial) noted(res *http.Response) note {
	return note{
		SHA512: p.note.SHA512, URL: p.note.URL, Size: max(res.ContentLength, 0),
		ETag: res.Header.Get("ETag"), LastModified: res.Header.Get("Last-Modified"),
	}
}

// restart begins anew: first nothing is left, then it is noted what comes.
func (p *partial) restart(n note) error {
	p.size, p.note = 0, n
	err := p.f.Truncate(0)
	if err == nil {
		_, err = p.f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("image cache: %w", err)
	}
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return p.dir.write(p.name+".json", data)
}

// accept makes the download a file of the cache when it has the digest and the
// signature, and deletes it when not. The file that was hashed is the one that is renamed
// and given back.
func (p *partial) accept(ctx context.Context, img Image, signed *proof, progress Progress) (*File, error) {
	got, err := hash(ctx, p.f, progress)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", img.Name, err)
	}
	if got != img.SHA512 {
		err := &DigestError{File: p.dir.path(p.name + partSuffix), URL: p.note.URL, Want: img.SHA512, Got: got}
		return nil, errors.Join(err, p.restart(note{SHA512: img.SHA512, URL: p.note.URL}), p.dir.remove(p.name+partSuffix, p.name+".json"))
	}
	if err := signed.check(ctx, p.f); err != nil {
		if _, wrong := errors.AsType[*SignatureError](err); wrong {
			err = errors.Join(err, p.dir.remove(p.name+partSuffix, p.name+".json"))
		}
		return nil, err
	}
	if err := p.dir.root.Rename(p.name+partSuffix, got); err != nil {
		return nil, fmt.Errorf("put the image in its place: %w", err)
	}
	err = p.dir.setLabel(got, label{Name: img.Name, Architecture: img.Architecture, URL: img.origin(p.note.URL)})
	if err := errors.Join(err, p.dir.sweep(got), p.dir.remove(p.name+".json")); err != nil {
		return nil, err
	}
	return &File{File: p.f, Path: p.dir.path(got), SHA512: got}, nil
}

// sweep removes what is left of other downloads of a digest.
func (d *folder) sweep(want string) error {
	names, err := d.parts()
	if err != nil {
		return err
	}
	for _, name := range names {
		if d.note(name).SHA512 == want {
			err = errors.Join(err, d.remove(name+partSuffix, name+".json"))
		}
	}
	return err
}

// parts are the names of downloads that did not end.
func (d *folder) parts() ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("list the image cache: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), partSuffix); ok {
			names = append(names, name)
		}
	}
	return names, nil
}
