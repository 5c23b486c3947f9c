//go:build linux

package main

import (
	"slices"
	"strings"
)

// pkgJail is "pkg -j JAIL info -e NAME" and "pkg -j JAIL install -y NAME"; what is installed is written down in the jail.
func pkgJail(l *lab, name string, rest []string) int {
	p := prisonsOf(l).find(name)
	if p == nil {
		return l.fail("jail \"%s\" not found", name)
	}
	file := p.Path + "/var/db/pkg-installed"
	have := strings.Fields(l.read(file))
	if len(rest) != 3 {
		l.errorf("Usage: pkg [-j <jail name or id>] <command> [<args>]\n")
		return 1
	}
	switch strings.Join(rest[:2], " ") {
	case "info -e":
		if slices.Contains(have, rest[2]) {
			return 0
		}
		return 1
	case "install -y":
		if status := pkgOnline(l); status != 0 {
			return status
		}
		if !offers(l, rest[2]) {
			l.errorf("pkg: No packages available to install matching '%s' have been found in the repositories\n", rest[2])
			return 1
		}
		if !slices.Contains(have, rest[2]) {
			have = append(have, rest[2])
		}
		if err := l.write(file, strings.Join(have, "\n")+"\n"); err != nil {
			return l.fail("%v", err)
		}
		return 0
	}
	return l.fail("lab: pkg -j %s %s is not played", name, strings.Join(rest, " "))
}
