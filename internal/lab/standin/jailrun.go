//go:build linux

package main

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// onHost runs a command of jail.conf by the shell of this system.
func onHost(l *lab, command string) int {
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Env = append(os.Environ(), "LAB_NESTED=1")
	cmd.Stdout, cmd.Stderr = l.out, l.errs
	return exitStatus(cmd.Run(), l)
}

// jailMounts has devfs and the nullfs mounts of mount.fstab; links below the root of the jail are refused (usr.sbin/jail/command.c, check_path).
func jailMounts(l *lab, c *jailConf, p *prison) string {
	if p.Devfs && !l.exists(p.Path+"/dev") {
		return "mount.devfs: " + p.Path + "/dev: No such file or directory"
	}
	file := c.last("mount.fstab")
	if file == "" {
		return ""
	}
	if !l.exists(file) {
		return file + ": No such file or directory"
	}
	for text := range strings.Lines(l.read(file)) {
		f := strings.Fields(text)
		if len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(f) < 4 || f[2] != "nullfs" || f[3] != "rw" && f[3] != "ro" {
			return file + ": lab: only nullfs with rw or ro is played"
		}
		if words := jailPoint(l, p.Path, f[1]); words != "" {
			return words
		}
		if info, err := os.Stat(l.path(f[0])); err != nil || !info.IsDir() {
			return "mount_nullfs: " + f[0] + ": No such file or directory"
		}
		p.Nullfs = append(p.Nullfs, [2]string{f[0], f[1]})
	}
	return ""
}

func jailPoint(l *lab, root, at string) string {
	rest, ok := strings.CutPrefix(at, root+"/")
	if !ok {
		return "mount.fstab: " + at + ": mount point is not in the jail"
	}
	for part := range strings.SplitSeq(rest, "/") {
		root += "/" + part
		info, err := os.Lstat(l.path(root))
		switch {
		case err != nil:
			return at + ": No such file or directory"
		case info.Mode()&os.ModeSymlink != 0:
			return "mount.fstab: " + at + " has symbolic links"
		}
	}
	return ""
}

// jailInterfaces moves the interfaces of vnet.interface into the jail.
func jailInterfaces(l *lab, c *jailConf, p *prison) string {
	if !c.has("vnet.interface") {
		return ""
	}
	if !p.VNET {
		return "vnet.interface: Operation not supported"
	}
	defer l.lock()()
	n := loadNet(l)
	name := c.last("vnet.interface")
	one := n.find(name)
	if one == nil {
		return "ifconfig: interface " + name + " does not exist"
	}
	p.Ifaces = []*iface{one, {Name: "lo0", Kind: "lo"}}
	n.Ifaces = slices.DeleteFunc(n.Ifaces, func(other *iface) bool { return other == one })
	l.save(volatile+"net", n)
	return ""
}

// consoleLog has what follows go to a file as well.
func consoleLog(l *lab, file string) {
	if out, err := os.OpenFile(l.path(file), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		l.out, l.errs = out, out
	}
}

// inJail runs a command of jail.conf in the jail: its network is played, all else runs there.
func inJail(l *lab, p *prison, command string) int {
	words := strings.Fields(command)
	switch words[0] {
	case "/sbin/ifconfig":
		return jailIfconfig(l, p, words[1:])
	case "/sbin/route":
		if !p.VNET || len(words) != 6 || words[3] != "add" || words[4] != "default" {
			return l.fail("route: Operation not permitted")
		}
		return 0
	}
	return runInJail(l, p, []string{"/bin/sh", "-c", command})
}

func jailIfconfig(l *lab, p *prison, words []string) int {
	status := 0
	changePrisons(l, func(all *prisons) {
		now := all.find(p.Name)
		at := slices.IndexFunc(now.Ifaces, func(one *iface) bool { return one.Name == words[0] })
		switch {
		case at < 0:
			status = l.fail("ifconfig: interface %s does not exist", words[0])
		case len(words) != 4 || words[1] != "inet" || words[3] != "up":
			status = l.fail("ifconfig: lab: only inet ADDRESS/LENGTH up is played in a jail")
		default:
			if _, err := netip.ParsePrefix(words[2]); err != nil {
				status = l.fail("ifconfig: %s: bad value", words[2])
				return
			}
			now.Ifaces[at].Addrs, now.Ifaces[at].Up = []string{words[2]}, true
		}
		p.Ifaces = now.Ifaces
	})
	return status
}

// runInJail runs a program with the root of a jail. Its nullfs mounts are not there: in a fake lab nothing is mounted.
func runInJail(l *lab, p *prison, args []string) int {
	root, err := filepath.EvalSymlinks(l.path(p.Path))
	if err != nil {
		return l.fail("%v", err)
	}
	cmd := &exec.Cmd{Path: args[0], Args: args, Dir: "/"}
	if !strings.Contains(args[0], "/") {
		cmd.Path = ""
		for _, dir := range []string{"/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"} {
			if _, err := os.Stat(root + dir + args[0]); err == nil {
				cmd.Path = dir + args[0]
				break
			}
		}
		if cmd.Path == "" {
			return l.fail("execvp: %s: No such file or directory", args[0])
		}
	}
	cmd.Env = []string{"PATH=/sbin:/bin:/usr/sbin:/usr/bin", "HOME=/root", "JAIL=" + p.Name}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.in, l.out, l.errs
	return exitStatus(cmd.Run(), l)
}
