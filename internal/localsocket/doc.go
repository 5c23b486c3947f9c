// Package localsocket is where the sockets of this user's own processes are:
// it names their addresses, listens there and connects to them, and makes
// sure that nobody but this user (and root) can be at the other end. It knows
// nothing of what is spoken over a socket, and reads no environment.
package localsocket

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Places are where a short folder for sockets may be, as the environment of
// the process that asks says.
type Places struct {
	// Home is the user's home folder, "" when it is not known.
	Home string
	// Runtime is XDG_RUNTIME_DIR, "" when it is not set.
	Runtime string
	// Temp is the system's folder for temporary files; "" is /tmp.
	Temp string
}

// short is a name for a path that cannot be one of a socket.
func short(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}

// UnsafeError is a folder, or a socket, that another user could replace.
type UnsafeError struct {
	Path   string
	Reason string
	// Fix is a command that repairs it, "" when there is none to recommend.
	Fix string
}

func (e *UnsafeError) Error() string {
	return fmt.Sprintf("%s is not safe for sockets: %s", e.Path, e.Reason)
}

// Hint is the next step for the user.
func (e *UnsafeError) Hint() string {
	if e.Fix != "" {
		return "run `" + e.Fix + "` and then the command again"
	}
	return "another user could answer there in place of fbdock; find out who made it, and remove it"
}

// StrangerError is a socket or pipe that another user serves.
type StrangerError struct{ Address, Owner string }

func (e *StrangerError) Error() string {
	return fmt.Sprintf("%s is served by %s, not by you", e.Address, e.Owner)
}

// Hint is the next step for the user.
func (e *StrangerError) Hint() string {
	return "nothing was sent there; find out who listens, and remove the socket"
}
