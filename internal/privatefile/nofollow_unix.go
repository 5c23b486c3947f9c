//go:build unix

package privatefile

import "syscall"

// noFollow has an opening fail at a link, and not wait at a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
