//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
)

// jailConf is what jail.conf(5) says of one jail.
type jailConf struct {
	name   string
	values map[string][]string
	order  []string
}

func (c *jailConf) has(param string) bool { _, ok := c.values[param]; return ok }

func (c *jailConf) last(param string) string {
	if all := c.values[param]; len(all) > 0 {
		return all[len(all)-1]
	}
	return ""
}

var (
	jailParam = expression(`^([a-z0-9_.]+)\s*(?:(\+?=)\s*("[^"]*"|[A-Za-z0-9_./-]+))?$`)
	jailBlock = expression(`^("[^"]+"|[A-Za-z0-9_-]+)\s*\{$`)
)

// jailFlags are the boolean parameters but those of allow, jailTexts those with a value (jail(8), jail.conf(5)).
var (
	jailFlags = []string{"vnet", "persist", "exec.clean", "mount.devfs", "mount.fdescfs", "mount.procfs"}
	jailTexts = []string{"path", "host.hostname", "exec.consolelog", "exec.prestart", "exec.start", "exec.poststart", "exec.prestop", "exec.stop", "exec.poststop",
		"devfs_ruleset", "vnet.interface", "mount.fstab", "ip4", "ip6", "ip4.addr", "enforce_statfs"}
	jailAllows = strings.Fields("adjtime chflags extattr mlock mount mount.devfs mount.fdescfs mount.fusefs mount.linprocfs mount.linsysfs mount.nullfs mount.procfs mount.tmpfs mount.zfs " +
		"nfsd quotas raw_sockets read_msgbuf reserved_ports routing set_hostname setaudit settime socket_af suser sysvipc unprivileged_parent_tampering unprivileged_proc_debug vmm")
)

// readJailConf reads a file, one parameter a line; words are what is wrong with it, in the words of jail(8).
func readJailConf(l *lab, file, name string) (*jailConf, string) {
	if !l.exists(file) {
		return nil, file + ": No such file or directory"
	}
	var found, open *jailConf
	for n, line := range strings.Split(l.read(file), "\n") {
		line = strings.TrimSpace(line)
		switch block := jailBlock().FindStringSubmatch(line); {
		case line == "", strings.HasPrefix(line, "#"):
		case block != nil && open == nil:
			open = &jailConf{name: strings.Trim(block[1], `"`), values: map[string][]string{}}
		case line == "}" && open != nil:
			if open.name == name {
				found = open
			}
			open = nil
		default:
			if words := open.take(line); words != "" {
				return nil, fmt.Sprintf("%s line %d: %s", file, n+1, words)
			}
		}
	}
	if open != nil {
		return nil, file + ": unexpected end of file"
	}
	if found == nil {
		return nil, fmt.Sprintf("%q not found", name)
	}
	return found, ""
}

func (c *jailConf) take(line string) string {
	text, ended := strings.CutSuffix(line, ";")
	match := jailParam().FindStringSubmatch(strings.TrimSpace(text))
	if c == nil || !ended || match == nil {
		return "syntax error"
	}
	param, op, value := match[1], match[2], strings.Trim(match[3], `"`)
	allow, isAllow := strings.CutPrefix(param, "allow.")
	switch {
	case isAllow && !slices.Contains(jailAllows, allow), !isAllow && !slices.Contains(jailFlags, param) && !slices.Contains(jailTexts, param):
		return "unknown parameter: " + param
	case op == "" && slices.Contains(jailTexts, param):
		return "parameter needs a value: " + param
	case op == "+=":
		c.values[param] = append(c.values[param], value)
	case op == "=":
		c.values[param] = []string{value}
	default:
		c.values[param] = nil
	}
	return ""
}
