//go:build !windows

package hostfile

import "golang.org/x/sys/unix"

// openFlags keep the opening of a named pipe or of a terminal from waiting.
const openFlags = unix.O_NONBLOCK | unix.O_NOCTTY
