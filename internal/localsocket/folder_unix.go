//go:build unix

package localsocket

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// makePrivate makes a folder that is this user's alone, or refuses the one
// that is there.
func makePrivate(dir string) error {
	if err := chain(filepath.Dir(dir)); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return os.Chmod(dir, 0o700) // whatever the umask took from it
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	return private(dir)
}

// private refuses a folder that is not this user's alone, or that another
// user could replace. One that does not exist yet is fine when nobody else
// can make it.
func private(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return chain(existing(dir))
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return &UnsafeError{Path: dir, Reason: "it is a symbolic link"}
	case !info.IsDir():
		return &UnsafeError{Path: dir, Reason: "it is not a folder"}
	case ownerOf(info) != os.Geteuid():
		return &UnsafeError{Path: dir, Reason: fmt.Sprintf("it belongs to user %d", ownerOf(info))}
	case info.Mode().Perm()&0o077 != 0:
		return &UnsafeError{Path: dir, Reason: "other users have access to it", Fix: "chmod 700 " + dir}
	}
	return chain(filepath.Dir(dir))
}

// existing is the nearest folder above path that exists.
func existing(path string) string {
	for {
		above := filepath.Dir(path)
		if _, err := os.Lstat(above); err == nil || above == path {
			return above
		}
		path = above
	}
}

// chain looks at a folder and all those above it, by their own names and by
// those that symbolic links lead to.
func chain(dir string) error {
	if err := upwards(dir); err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(dir)
	if err != nil || target == dir {
		return err
	}
	return upwards(target)
}

func upwards(dir string) error {
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		if err := parent(at, info); err != nil {
			return err
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// parent refuses a folder, or a link, whose owner or whose other writers
// could replace what is below it.
func parent(path string, info fs.FileInfo) error {
	owner, mode := ownerOf(info), info.Mode()
	if owner != os.Geteuid() && !rootOwned(owner) {
		return &UnsafeError{Path: path, Reason: fmt.Sprintf("it belongs to user %d", owner)}
	}
	if mode&fs.ModeSymlink != 0 || mode&fs.ModeSticky != 0 {
		return nil
	}
	if mode.Perm()&0o002 != 0 {
		return &UnsafeError{Path: path, Reason: "every user may write to it", Fix: "chmod o-w " + path}
	}
	// A group with the number of its user is that user's alone (useradd(8),
	// USERGROUPS_ENAB).
	group := groupOf(info)
	if mode.Perm()&0o020 != 0 && group != 0 && group != owner {
		return &UnsafeError{Path: path, Reason: fmt.Sprintf("group %d may write to it", group), Fix: "chmod g-w " + path}
	}
	return nil
}

func ownerOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid)
	}
	return -1
}

func groupOf(info fs.FileInfo) int {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Gid)
	}
	return -1
}

// unmapped is the user that files of users outside of a user namespace show
// (user_namespaces(7)).
const unmapped = 65534

// rootOwned tells whether a user is the system's administrator. In a user
// namespace the one outside of it has no number.
func rootOwned(uid int) bool { return uid == 0 || uid == unmapped && inUserNamespace() }

func inUserNamespace() bool {
	if runtime.GOOS != "linux" {
		return false
	}
	data, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(data)), " ") != "0 0 4294967295"
}
