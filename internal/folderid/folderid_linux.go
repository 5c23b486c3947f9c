package folderid

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Of is the identity of what path leads to.
func Of(path string) (Identity, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return Identity{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	id := Identity{Device: fmt.Sprintf("%x", st.Dev), File: strconv.FormatUint(st.Ino, 10)}
	// Before Linux 4.11, and under some seccomp filters, there is no statx.
	var more unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, unix.AT_STATX_SYNC_AS_STAT, unix.STATX_BTIME, &more); err == nil && more.Mask&unix.STATX_BTIME != 0 {
		id.Born = time.Unix(more.Btime.Sec, int64(more.Btime.Nsec)).UnixNano()
	}
	return id, nil
}
