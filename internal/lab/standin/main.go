//go:build linux

// Command standin plays the FreeBSD commands that the guest steps of fbdock call, for the lab: one program, called by many names.
// It checks arguments as the real commands do, keeps the state that they would keep, and answers with their words and statuses
// where facts about a real system are known. It must never accept what the real command refuses, and never be taken for FreeBSD:
// it is a bench.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sort"
)

// command is one stand-in: it gets a lab whose args are what follows the name, and returns the exit status.
type command func(*lab) int

// commands lists every name that the program answers to.
func commands() map[string]command {
	all := map[string]command{}
	for _, family := range []map[string]command{
		kldCommands(), sysctlCommands(), rcCommands(), netCommands(), pfCommands(), zfsCommands(), diskCommands(),
		pkgCommands(), bhyveCommands(), systemCommands(), userlandCommands(), nfsCommands(), jailCommands(), podmanCommands(), cniCommands(),
	} {
		maps.Copy(all, family)
	}
	return all
}

func main() {
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}

func run(argv []string, in io.Reader, out, errs io.Writer) int {
	all := commands()
	name, args := filepath.Base(argv[0]), argv[1:]
	if _, ok := all[name]; !ok && len(args) > 0 {
		switch {
		case args[0] == "--links" && len(args) == 2:
			return links(all, args[1], errs)
		case args[0] == "--podman-suite" && len(args) == 2:
			return podmanSuite(args[1], errs)
		case args[0] == "--rc-defaults":
			return printDefaults(out)
		}
		name, args = args[0], args[1:]
	}
	cmd, ok := all[name]
	if !ok {
		_, _ = fmt.Fprintf(errs, "standin: %s is no command of the lab\n", name)
		return 127
	}
	l := newLab(name, args, in, out, errs)
	number, what := l.count()
	switch what {
	case actFail:
		l.errorf("%s: failed because the test wants it\n", name)
		return 1
	case actKill:
		l.noExec = true
		status := cmd(l)
		l.killCaller()
		return status
	case actTrace:
		l.noExec = true
		status := cmd(l)
		l.traceAfter(number)
		return status
	}
	return cmd(l)
}

// packaged are commands that come with a package only: no link is made for them before pkg does.
var packaged = map[string]bool{"docker": true, "sshfs": true, "qemu-img": true, "qemu-system-x86_64": true, "nmdmd": true, "podman": true,
	"bridge": true, "portmap": true, "firewall": true, "tuning": true}

// printDefaults writes /etc/defaults/rc.conf.
func printDefaults(out io.Writer) int {
	names := make([]string, 0, len(rcDefaults))
	for name := range rcDefaults {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		_, _ = fmt.Fprintf(out, "%s=\"%s\"\n", name, rcDefaults[name])
	}
	return 0
}

// links makes one symbolic link to this program for each command, in dir.
func links(all map[string]command, dir string, errs io.Writer) int {
	self, err := os.Executable()
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		_, _ = fmt.Fprintf(errs, "standin: %v\n", err)
		return 1
	}
	names := make([]string, 0, len(all))
	for name := range all {
		if !packaged[name] {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		link := filepath.Join(dir, name)
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			_, _ = fmt.Fprintf(errs, "standin: %v\n", err)
			return 1
		}
		if err := os.Symlink(self, link); err != nil {
			_, _ = fmt.Fprintf(errs, "standin: %v\n", err)
			return 1
		}
	}
	return 0
}
