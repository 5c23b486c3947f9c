//go:build unix

package descriptors

import "syscall"

// limit is how many descriptors the process may have, 0 for any number. The
// os package has raised it to what the system allows when the program started.
func limit() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	const most = 1 << 30 // RLIM_INFINITY differs, and nobody has as many
	if uint64(l.Cur) > most {
		return 0
	}
	return int(l.Cur)
}
