//go:build unix

package state

import "syscall"

// noFollow has an open fail at a link, and not wait at a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
