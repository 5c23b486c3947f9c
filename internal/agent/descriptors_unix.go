//go:build unix

package agent

import "syscall"

// openFiles is the process's limit. The os package has raised it to what the
// system allows when the program started.
func openFiles() descriptors {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return descriptors{}
	}
	const most = 1 << 30 // "unlimited" has no numbers near it
	if uint64(limit.Cur) > most {
		return descriptors{}
	}
	return descriptors{limit: int(limit.Cur)}
}
