//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

func jailCommands() map[string]command {
	return map[string]command{"jail": jail, "jls": jls, "jexec": jexec, "rctl": rctl, "mount_nullfs": missing}
}

// prison is a jail that runs.
type prison struct {
	JID            int
	Name, Path     string
	Hostname       string
	VNET           bool
	Ifaces         []*iface // of its own network stack
	Nullfs         [][2]string
	Conf           string
	Devfs, Inherit bool
}

type prisons struct {
	Last int
	All  []*prison
}

func prisonsOf(l *lab) *prisons {
	p := &prisons{}
	l.load(volatile+"jails", p)
	return p
}

// find takes a name or the number of a jail, as jail(8) does.
func (p *prisons) find(name string) *prison {
	for _, one := range p.All {
		if one.Name == name || fmt.Sprint(one.JID) == name {
			return one
		}
	}
	return nil
}

// change loads and stores what runs while nobody else does.
func changePrisons(l *lab, do func(*prisons)) {
	defer l.lock()()
	p := prisonsOf(l)
	do(p)
	l.save(volatile+"jails", p)
}

// jailOn is the mount point below a dataset that a jail which runs has for its root.
func jailOn(l *lab, s *store, name string) string {
	for _, one := range s.below(name) {
		if s.Sets[one].Volume {
			continue
		}
		at, _, _ := mountpoint(s, one)
		for _, p := range prisonsOf(l).All {
			if p.Path == at {
				return at
			}
		}
	}
	return ""
}

const jailUsage = `usage: jail [-dhilqv] [-J jid_file] [-u username] [-U username]
            -[cmr] param=value ... [command=command ...]
       jail [-dqv] [-f file] -[cmr] [jail]
       jail [-qv] [-f file] -[Cr] -R jail
`

func jail(l *lab) int {
	opts, rest, bad := getopt(l.args, "cCdef:hiJ:lmn:p:qrRs:u:U:v")
	if bad != "" {
		l.errorf("jail: %s\n%s", bad, jailUsage)
		return 1
	}
	create, remove := has(opts, 'c'), has(opts, 'r')
	if create == remove || len(rest) != 1 || strings.Contains(rest[0], "=") {
		if create {
			for _, arg := range rest {
				if path, ok := strings.CutPrefix(arg, "path="); ok && !l.exists(path) {
					return l.fail("path %s: No such file or directory", path)
				}
			}
			return l.fail("lab: jails are made from a file of jail.conf(5) only")
		}
		l.errorf("%s", jailUsage)
		return 1
	}
	file := value(opts, 'f')
	if file == "" {
		file = "/etc/jail.conf"
	}
	conf, words := readJailConf(l, file, rest[0])
	if remove {
		return jailRemove(l, rest[0], conf)
	}
	if words != "" {
		return l.fail("%s", words)
	}
	return jailCreate(l, conf, file, has(opts, 'i'))
}

func jailCreate(l *lab, c *jailConf, file string, tellID bool) int {
	name := c.name
	if prisonsOf(l).find(name) != nil {
		return l.fail("\"%s\" already exists", name)
	}
	path := c.last("path")
	if info, err := os.Stat(l.path(path)); path == "" || err != nil || !info.IsDir() {
		return l.fail("%s: path %s: No such file or directory", name, path)
	}
	if jailCommandsOf(l, c, "exec.prestart", func(command string) int { return onHost(l, command) }) != 0 {
		return 1
	}
	p := &prison{Name: name, Path: path, Hostname: c.last("host.hostname"), VNET: c.has("vnet"), Conf: file, Devfs: c.has("mount.devfs"), Inherit: c.last("ip4") == "inherit"}
	if words := jailMounts(l, c, p); words != "" {
		return l.fail("%s: %s", name, words)
	}
	if words := jailInterfaces(l, c, p); words != "" {
		return l.fail("%s: %s", name, words)
	}
	changePrisons(l, func(all *prisons) {
		all.Last++
		p.JID = all.Last
		all.All = append(all.All, p)
	})
	if log := c.last("exec.consolelog"); log != "" {
		consoleLog(l, log)
	}
	if jailCommandsOf(l, c, "exec.start", func(command string) int { return inJail(l, p, command) }) != 0 {
		jailEnd(l, p)
		return 1
	}
	if tellID {
		l.printf("%d\n", p.JID)
	}
	l.printf("%s: created\n", name)
	return 0
}

func jailRemove(l *lab, name string, c *jailConf) int {
	p := prisonsOf(l).find(name)
	if p == nil {
		return l.fail("\"%s\" not found", name)
	}
	if c != nil {
		if jailCommandsOf(l, c, "exec.stop", func(command string) int { return inJail(l, p, command) }) != 0 {
			l.errorf("jail: %s: exec.stop failed\n", name)
		}
	}
	jailEnd(l, p)
	status := 0
	if c != nil {
		status = jailCommandsOf(l, c, "exec.poststop", func(command string) int { return onHost(l, command) })
	}
	l.printf("%s: removed\n", name)
	return status
}

// jailEnd gives back what a jail has of this system.
func jailEnd(l *lab, p *prison) {
	changePrisons(l, func(all *prisons) {
		if now := all.find(p.Name); now != nil {
			p.Ifaces = now.Ifaces
		}
		all.All = slices.DeleteFunc(all.All, func(one *prison) bool { return one.Name == p.Name })
		n := loadNet(l)
		for _, one := range p.Ifaces {
			// The other end may be gone, and both ends of a pair go together.
			if n.find(strings.TrimSuffix(one.Name, "b")+"a") != nil {
				one.Addrs, one.Up = nil, false
				n.Ifaces = append(n.Ifaces, one)
			}
		}
		l.save(volatile+"net", n)
	})
}

// jailCommandsOf runs the commands of one parameter until one fails.
func jailCommandsOf(l *lab, c *jailConf, param string, run func(string) int) int {
	for _, command := range c.values[param] {
		if status := run(command); status != 0 {
			l.errorf("jail: %s: %s: failed\n", c.name, command)
			return 1
		}
	}
	return 0
}

func jls(l *lab) int {
	opts, rest, bad := getopt(slices.DeleteFunc(slices.Clone(l.args), func(a string) bool { return strings.HasPrefix(a, "--libxo") }), "acdej:hNnqsv")
	if bad != "" {
		l.errorf("jls: %s\nusage: jls [-dhNnqv] [-j jail] [param ...]\n", bad)
		return 1
	}
	all := prisonsOf(l).All
	if name := value(opts, 'j'); name != "" {
		one := prisonsOf(l).find(name)
		if one == nil {
			return l.fail("jail \"%s\" not found", name)
		}
		all = []*prison{one}
	}
	if len(rest) == 0 {
		l.printf("   JID  IP Address      Hostname                      Path\n")
	}
	for _, one := range all {
		if len(rest) == 0 {
			l.printf("%6d  %-15s %-29s %s\n", one.JID, "", one.Hostname, one.Path)
			continue
		}
		var row []string
		for _, param := range rest {
			text, ok := map[string]string{"jid": fmt.Sprint(one.JID), "name": one.Name, "path": one.Path, "host.hostname": one.Hostname}[param]
			if !ok {
				return l.fail("unknown parameter: %s", param)
			}
			row = append(row, text)
		}
		l.printf("%s\n", strings.Join(row, " "))
	}
	return 0
}

func jexec(l *lab) int {
	opts, rest, bad := getopt(l.args, "ld:e:u:U:")
	if bad != "" || len(rest) == 0 {
		l.errorf("jexec: %s\nusage: jexec [-l] [-d working-directory] [-e name=value] [-u username | -U username] jail\n       [command ...]\n", bad)
		return 1
	}
	_ = opts
	p := prisonsOf(l).find(rest[0])
	if p == nil {
		return l.fail("jail \"%s\" not found", rest[0])
	}
	command := rest[1:]
	if len(command) == 0 {
		command = []string{"/bin/sh"}
	}
	return runInJail(l, p, command)
}
