//go:build linux

package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/user"
	"slices"
	"strings"
)

// export is one line of exports(5) that mountd has accepted.
type export struct {
	Path     string
	Hosts    []string // addresses, or networks with a prefix; none is everyone
	ReadOnly bool
}

func (e export) allows(client net.IP) bool {
	addr, ok := netip.AddrFromSlice(client)
	if !ok {
		return false
	}
	addr = addr.Unmap()
	for _, host := range e.Hosts {
		if prefix, err := netip.ParsePrefix(host); err == nil && prefix.Contains(addr) || host == addr.String() {
			return true
		}
	}
	return len(e.Hosts) == 0
}

func exports(l *lab) []export {
	var list []export
	l.load(volatile+"exports", &list)
	return list
}

// parseExports reads export files; a bad line is told of in syslog only, the rest is exported.
func parseExports(l *lab, files []string) []export {
	var list []export
	for _, file := range files {
		text, err := os.ReadFile(l.path(file))
		if err != nil {
			l.syslog("can't open %s", file)
			continue
		}
		for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
			words := strings.Fields(line)
			if len(words) == 0 || words[0] == "V4:" {
				continue
			}
			parsed, words, reason := parseExport(l, words)
			if reason == "" {
				reason = twice(list, parsed)
			}
			if reason != "" {
				// The real one shows the line up to the word that it is about.
				l.syslog("bad exports list line '%s': %s", strings.Join(words, " "), reason)
				continue
			}
			list = append(list, parsed...)
		}
	}
	return list
}

// twice: a host may appear once for each file system, and each exported directory of the lab is one.
func twice(list, more []export) string {
	for _, one := range more {
		for _, other := range list {
			for _, host := range one.Hosts {
				if other.Path == one.Path && (slices.Contains(other.Hosts, host) || len(other.Hosts) == 0) {
					return "can't change attributes for " + one.Path + ": host " + host + " is there twice"
				}
			}
		}
	}
	return ""
}

// exportLine is a line that is being read.
type exportLine struct {
	export
	paths   []string
	mapping string // what mapall or maproot says
	network string
	mask    string
	allDirs bool
}

// parseExport reads one line; seen are the words up to the one that reason is about.
func parseExport(l *lab, words []string) (list []export, seen []string, reason string) {
	var line exportLine
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch {
		case strings.HasPrefix(word, "/"):
			if reason := exportable(l, word); reason != "" {
				return nil, words[:i+1], reason
			}
			line.paths = append(line.paths, word)
		case len(line.paths) == 0:
			return nil, words[:i+1], "no path in front of it"
		case strings.HasPrefix(word, "-"):
			next := ""
			if i+1 < len(words) {
				next = words[i+1]
			}
			took, reason := line.options(word[1:], next)
			if reason != "" {
				return nil, words[:i+1], reason
			}
			i += took
		default:
			if _, err := netip.ParseAddr(word); err != nil {
				if _, err := net.LookupHost(word); err != nil {
					return nil, words[:i+1], "can't get address info for host " + word
				}
			}
			line.Hosts = append(line.Hosts, word)
		}
	}
	list, reason = line.exports()
	if reason == "" {
		list, reason = mountPoints(l, list, line.allDirs)
	}
	return list, words, reason
}

func exportable(l *lab, path string) string {
	info, err := os.Stat(l.path(path))
	switch {
	case err != nil:
		return path + ": lstat() failed: No such file or directory."
	case !info.IsDir():
		return path + ": not a directory"
	case path != "/" && strings.HasSuffix(path, "/"), strings.Contains(path, "//"), strings.Contains(path, "/../"):
		return path + ": symbolic link in export path or statfs failed"
	}
	return ""
}

// mountPoints drops what is no mount point. The real mountd warns and exports the whole file system that the directory
// lies on, which nobody wants: the lab warns in its words and exports nothing.
func mountPoints(l *lab, list []export, allDirs bool) (kept []export, reason string) {
	for _, one := range list {
		switch {
		case isMountPoint(l, one.Path):
			kept = append(kept, one)
		case allDirs:
			return nil, "-alldirs requested but " + one.Path + " is not a filesystem mountpoint"
		default:
			l.syslog("Warning: exporting %s exports entire / file system", one.Path)
		}
	}
	return kept, ""
}

func isMountPoint(l *lab, path string) bool {
	s := loadZFS(l)
	for _, name := range mounts(l) {
		if s.get(name) == nil {
			continue
		}
		if at, _, _ := mountpoint(s, name); at == path {
			return true
		}
	}
	return false
}

// options reads one word of options, separated by commas, each with its value behind "=" or in the next word.
func (e *exportLine) options(word, next string) (took int, reason string) {
	for option := range strings.SplitSeq(word, ",") {
		name, value, given := strings.Cut(option, "=")
		switch name {
		case "alldirs":
			e.allDirs = true
			continue
		case "quiet":
			continue
		case "ro", "o":
			e.ReadOnly = true
			continue
		}
		if !given && took == 0 {
			value, took = next, 1
		}
		if value == "" {
			return took, "bad opt " + option
		}
		switch name {
		case "mapall", "maproot", "root", "r":
			user, _, _ := strings.Cut(value, ":")
			if reason := knownUser(user); reason != "" {
				return took, reason
			}
			e.mapping = name + "=" + value
		case "sec":
			if value != "sys" {
				return took, "lab: only -sec=sys is played"
			}
		case "network", "n":
			e.network = value
		case "mask", "m":
			e.mask = value
		default:
			return took, "bad opt " + option
		}
	}
	return took, ""
}

func knownUser(name string) string {
	if _, err := user.Lookup(name); err == nil {
		return ""
	}
	if _, err := user.LookupId(name); err == nil {
		return ""
	}
	return "unknown user: " + name
}

// exports are what a whole line says.
func (e *exportLine) exports() (list []export, reason string) {
	if e.network != "" {
		prefix, reason := exportNetwork(e.network, e.mask)
		if reason != "" {
			return nil, reason
		}
		if len(e.Hosts) > 0 {
			return nil, "network/host conflict"
		}
		e.Hosts = []string{prefix}
	} else if e.mask != "" {
		return nil, "mask without network"
	}
	if e.mapping != "mapall=root" {
		return nil, fmt.Sprintf("lab: only -mapall=root is played, not %q", e.mapping)
	}
	for _, path := range e.paths {
		list = append(list, export{Path: path, Hosts: e.Hosts, ReadOnly: e.ReadOnly})
	}
	return list, ""
}

// exportNetwork is ADDRESS/BITS of -network and -mask; without a mask it is that of the address' class.
func exportNetwork(text, mask string) (prefix, reason string) {
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(text)
		if err != nil || !addr.Is4() {
			return "", "bad net " + text
		}
		bits := classBits(addr.As4()[0])
		if mask != "" {
			four, err := netip.ParseAddr(mask)
			if err != nil || !four.Is4() {
				return "", "bad mask " + mask
			}
			m := four.As4()
			ones, size := net.IPMask(m[:]).Size()
			if size == 0 {
				return "", "bad mask " + mask
			}
			bits = ones
		}
		text = fmt.Sprintf("%s/%d", text, bits)
	}
	parsed, err := netip.ParsePrefix(text)
	if err != nil {
		return "", "bad net " + text
	}
	return parsed.Masked().String(), ""
}

func classBits(first byte) int {
	switch {
	case first < 128:
		return 8
	case first < 192:
		return 16
	}
	return 24
}
