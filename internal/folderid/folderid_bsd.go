//go:build darwin || freebsd

package folderid

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Of is the identity of what path leads to.
func Of(path string) (Identity, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return Identity{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	id := Identity{Device: fmt.Sprintf("%x", st.Dev), File: strconv.FormatUint(uint64(st.Ino), 10)}
	// FreeBSD says -1 where the file system does not know.
	if born := st.Birthtimespec; born.Sec > 0 {
		id.Born = time.Unix(int64(born.Sec), int64(born.Nsec)).UnixNano()
	}
	return id, nil
}
