//go:build unix

package localsocket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// longest is the longest path that a socket may have: sun_path has 104 bytes
// on FreeBSD and macOS, the closing NUL included (unix(4)); Linux has 108.
const longest = 103

// ShortName is the folder for sockets in the home folder.
const ShortName = ".fbdock-run"

// Address is where the socket named path is: there, or in a short folder when
// path is too long or has characters that clients of Docker do not take. The
// folder is made, and one that others could write to is refused.
//
// The folder in the home folder comes first: XDG_RUNTIME_DIR differs between
// the sessions of one user (cron and su have none) and is removed at the end
// of the last one (pam_systemd(8)), while the agent may live on.
func (p Places) Address(path string) (string, error) {
	if suitable(path) {
		if err := private(filepath.Dir(path)); err != nil {
			return "", err
		}
		return path, own(path)
	}
	var failed []error
	for _, dir := range p.Folders() {
		address := filepath.Join(dir, short(path)+filepath.Ext(path))
		if !suitable(address) {
			continue
		}
		err := makePrivate(dir)
		if err == nil {
			err = own(address)
		}
		if err == nil {
			return address, nil
		}
		failed = append(failed, err)
	}
	return "", fmt.Errorf("find a folder for the socket of %s: %w", path, errors.Join(failed...))
}

// Folders are the short folders, the first to be tried first. They need not
// exist.
func (p Places) Folders() []string {
	var dirs []string
	if filepath.IsAbs(p.Home) {
		dirs = append(dirs, filepath.Join(p.Home, ShortName))
	}
	if filepath.IsAbs(p.Runtime) {
		dirs = append(dirs, filepath.Join(p.Runtime, "fbdock"))
	}
	temp := p.Temp
	if temp == "" {
		temp = "/tmp"
	}
	return append(dirs, filepath.Join(temp, "fbdock-"+strconv.Itoa(os.Geteuid())))
}

// suitable tells whether a path can be the address of a socket: of the
// length that the kernel takes, and without the characters that RFC 3986
// keeps out of a URI, as some clients parse DOCKER_HOST as one.
func suitable(path string) bool {
	return len(path) <= longest && !strings.ContainsFunc(path, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}%#?[]", r)
	})
}

// DockerHost is the address of a socket as Docker's clients write it. They do
// not look who serves it: what Address has checked keeps others out.
func DockerHost(_ context.Context, address string) (string, error) { return "unix://" + address, nil }

// own refuses a file at address that another user has put there.
func own(address string) error {
	info, err := os.Lstat(address)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if owner := ownerOf(info); owner != os.Geteuid() {
		return &UnsafeError{Path: address, Reason: fmt.Sprintf("it belongs to user %d", owner)}
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return &UnsafeError{Path: address, Reason: "it is not a socket", Fix: "rm " + address}
	}
	return nil
}
