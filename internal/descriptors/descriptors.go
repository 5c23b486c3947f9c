// Package descriptors keeps a reserve of file descriptors free: what a guest
// or a program on the network can open as often as it likes, forwarded
// connections and files of a mount, may not take those that the agent needs
// to answer its user. It opens and closes nothing itself.
package descriptors

import (
	"errors"
	"syscall"
)

// reserve is how many are kept, or a quarter of a limit that is very low.
const reserve = 64

// ErrLow is why something was closed again that Low is true for.
var ErrLow = errors.New("this host's limit of open files (ulimit -n) is nearly reached by the agent")

// Low tells whether what was just opened is one of the reserve, and has to be
// closed again. The system gives a new descriptor the lowest free number
// (POSIX, System Interfaces, 2.6), so that all below are in use, by whomever.
func Low(opened syscall.Conn) bool {
	limit := limit()
	if limit == 0 {
		return false
	}
	raw, err := opened.SyscallConn()
	if err != nil {
		return false
	}
	number := 0
	if err := raw.Control(func(fd uintptr) { number = int(fd) }); err != nil {
		return false
	}
	return number >= limit-min(reserve, limit/4)
}
