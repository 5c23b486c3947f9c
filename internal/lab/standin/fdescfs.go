//go:build linux

package main

import (
	"fmt"
	"strings"
)

// fdescfs(4) is the one file system of fstab that the steps mount: what is below /dev/fd stays Linux's own.
const fdescfsAt = "/dev/fd"

func fdescfs(l *lab) bool { return l.exists(volatile + "fdescfs") }

// mountFdescfs knows "mount -t fdescfs SPECIAL /dev/fd" and "mount /dev/fd" where fstab has it. The kernel would mount it twice.
func mountFdescfs(l *lab, opts []option, rest []string) int {
	switch {
	case rest[len(rest)-1] != fdescfsAt:
		return l.fail("%s: lab: fdescfs is mounted at %s only", rest[len(rest)-1], fdescfsAt)
	case len(rest) == 1 && !fstabHas(l, fdescfsAt):
		return l.fail("%s: unknown special file or file system", rest[0])
	case len(rest) == 2 && value(opts, 't') != "fdescfs", len(rest) > 2:
		l.errorf("usage: mount [-adflpruvw] [-F fstab] [-o options] [-t ufs | external_type]\n       mount [-dfpruvw] special | node\n")
		return 1
	case fdescfs(l):
		return l.fail("lab: fdescfs is mounted at %s already", fdescfsAt)
	}
	l.must(l.write(volatile+"fdescfs", ""))
	return 0
}

func umountFdescfs(l *lab) int {
	if !fdescfs(l) {
		return l.fail("%s: not a file system root directory", fdescfsAt)
	}
	l.remove(l.path(volatile + "fdescfs"))
	return 0
}

func fstabHas(l *lab, at string) bool {
	for text := range strings.Lines(l.read("/etc/fstab")) {
		if f := strings.Fields(text); len(f) > 1 && !strings.HasPrefix(f[0], "#") && f[1] == at {
			return true
		}
	}
	return false
}

// mountFstab is what rc.d/mountlate and its like do at boot; a line that mount(8) does not understand leaves FreeBSD in single user mode.
func mountFstab(l *lab) {
	for text := range strings.Lines(l.read("/etc/fstab")) {
		f := strings.Fields(text)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) < 4 {
			fmt.Printf("lab: fstab: /etc/fstab: Inappropriate file type or format: %s", text)
			return
		}
		if f[2] == "fdescfs" {
			rc("mount", "-t", f[2], f[0], f[1])
		}
	}
}
