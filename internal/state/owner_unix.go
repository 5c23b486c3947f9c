//go:build unix

package state

import (
	"os"
	osuser "os/user"
	"strconv"
	"syscall"
)

const onWindows = false

// ownerOf is the owner of path itself, a link too.
func ownerOf(path string) (Owner, error) {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return "", &os.PathError{Op: "lstat", Path: path, Err: err}
	}
	return Owner(strconv.FormatUint(uint64(st.Uid), 10)), nil
}

// user is the user that fbdock runs as.
func user() Owner { return Owner(strconv.Itoa(os.Geteuid())) }

func (o Owner) name() string {
	u, err := osuser.LookupId(string(o))
	if err != nil {
		return ""
	}
	return u.Username
}

func (o Owner) isSystem() bool { return o == "0" }

// accepts tells whether files of this owner are as good as the user's own:
// those of the user that called sudo are, for root.
func (s Store) accepts(o Owner) bool {
	if o.isUser() {
		return true
	}
	if os.Geteuid() != 0 {
		return false
	}
	caller, ok := s.lookup("SUDO_UID")
	id, err := strconv.ParseUint(caller, 10, 32)
	return ok && err == nil && strconv.FormatUint(id, 10) == string(o)
}
