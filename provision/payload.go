package provision

import (
	"archive/tar"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// hashFile holds Payload.Hash in the payload itself, for the guest to write
// down once all is applied.
const hashFile = "hash"

// File is one file of a payload; Path is relative, with slashes.
type File struct {
	Path string
	Mode fs.FileMode
	Data []byte
}

// Payload is what goes to the FreeBSD guest. It holds keys: write it 0600.
type Payload struct {
	Files []File
}

// newPayload sorts the files and adds the file that holds the hash.
func newPayload(files []File) Payload {
	p := Payload{Files: files}
	p.Files = append(p.Files, File{hashFile, 0o600, []byte(p.Hash() + "\n")})
	slices.SortFunc(p.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	return p
}

// Hash names the content: equal payloads have equal hashes, whatever the
// order of their files.
func (p Payload) Hash() string {
	sums := make([]string, 0, len(p.Files))
	for _, f := range p.Files {
		if f.Path != hashFile && f.Path != jailPinsFile && f.Path != jailRenewalsFile {
			sums = append(sums, fmt.Sprintf("%s\x00%o\x00%x", f.Path, f.Mode, sha256.Sum256(f.Data)))
		}
	}
	slices.Sort(sums)
	all := sha256.Sum256([]byte(strings.Join(sums, "\n")))
	return hex.EncodeToString(all[:])
}

// Tar writes the payload as a tar file: the same bytes for the same content,
// everything owned by root.
func (p Payload) Tar(w io.Writer) error {
	tw := tar.NewWriter(w)
	made := map[string]bool{".": true}
	for _, f := range p.Files {
		if err := tarDir(tw, path.Dir(f.Path), made); err != nil {
			return fmt.Errorf("tar %s: %w", f.Path, err)
		}
		h := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.Path, Mode: int64(f.Mode.Perm()), Size: int64(len(f.Data)),
			ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
		}
		if err := tw.WriteHeader(h); err != nil {
			return fmt.Errorf("tar %s: %w", f.Path, err)
		}
		if _, err := io.Copy(tw, bytes.NewReader(f.Data)); err != nil {
			return fmt.Errorf("tar %s: %w", f.Path, err)
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("tar: %w", err)
	}
	return nil
}

func tarDir(tw *tar.Writer, dir string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := tarDir(tw, path.Dir(dir), made); err != nil {
		return err
	}
	made[dir] = true
	return tw.WriteHeader(&tar.Header{
		Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o700, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	})
}
