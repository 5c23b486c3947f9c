//go:build linux

package main

import "strings"

func jailCommands() map[string]command {
	return map[string]command{"jail": jail, "jls": jls, "jexec": jail}
}

func jail(l *lab) int {
	for _, arg := range l.args {
		if path, ok := strings.CutPrefix(arg, "path="); ok && !l.exists(path) {
			return l.fail("path %s: No such file or directory", path)
		}
	}
	return l.fail("lab: jails are not played")
}

func jls(l *lab) int {
	l.printf("   JID  IP Address      Hostname                      Path\n")
	return 0
}
