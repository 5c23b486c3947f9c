//go:build !windows

package link

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalName is the name in RFC 4254, which is that of signal(7) without SIG.
func signalName(s os.Signal) (Signal, bool) {
	n, ok := s.(syscall.Signal)
	if !ok {
		return "", false
	}
	name := unix.SignalName(n)
	return Signal(strings.TrimPrefix(name, "SIG")), name != ""
}

// InForeground tells whether this process is in the foreground process group
// of its controlling terminal (tcgetpgrp(3)).
func InForeground() bool {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return false // there is none
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
