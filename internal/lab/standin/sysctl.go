//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func sysctlCommands() map[string]command {
	return map[string]command{"sysctl": sysctl, "kenv": kenv}
}

// oid is one sysctl: how it is read, and, where it can be set, how a value is judged ("" means accepted).
type oid struct {
	name string
	read func(l *lab) string
	set  func(l *lab, value string) string
}

func fixed(value string) func(*lab) string { return func(*lab) string { return value } }

func fromConf(key, fallback string) func(*lab) string {
	return func(l *lab) string { return l.conf(key, fallback) }
}

// stored is an oid that keeps what it was set to until the next reboot.
func stored(name, initial string, judge func(l *lab, value string) string) oid {
	if judge == nil {
		judge = anyNumber
	}
	return oid{name, func(l *lab) string { return tunable(l, name, initial) }, judge}
}

func anyNumber(_ *lab, value string) string {
	if _, err := strconv.ParseInt(value, 0, 64); err != nil {
		return "Invalid argument"
	}
	return ""
}

func tunables(l *lab) map[string]string {
	set := map[string]string{}
	l.load(volatile+"sysctl", &set)
	return set
}

func tunable(l *lab, name, initial string) string {
	if value, ok := tunables(l)[name]; ok {
		return value
	}
	return initial
}

func setTunable(l *lab, name, value string) {
	set := tunables(l)
	set[name] = value
	l.save(volatile+"sysctl", set)
}

func oids() []oid {
	list := []oid{
		{"kern.ostype", fixed("FreeBSD"), nil},
		{"kern.osrelease", release, nil},
		{"kern.osreldate", func(l *lab) string { return l.conf("osreldate", "1402000") }, nil},
		{"kern.version", func(l *lab) string { return "fbdock lab stand-in, plays " + release(l) }, nil},
		{"kern.disks", fromConf("disks", "cd0 vtbd1 vtbd0"), nil},
		{"kern.vm_guest", fromConf("vm_guest", "generic"), nil},
		{"kern.hostname", func(*lab) string { name, _ := os.Hostname(); return name }, nil},
		{"kern.boottime", bootTime, nil},
		{"kern.racct.enable", func(l *lab) string { return loader(l, "kern.racct.enable", "0") }, nil},
		{"hw.model", fromConf("model", "fbdock lab virtual CPU"), nil},
		{"hw.machine", fixed("amd64"), nil},
		{"hw.machine_arch", fixed("amd64"), nil},
		{"hw.physmem", fromConf("physmem", "4294967296"), nil},
		{"hw.realmem", fromConf("physmem", "4294967296"), nil},
		{"hw.ncpu", func(l *lab) string { return l.conf("ncpu", strconv.Itoa(runtime.NumCPU())) }, nil},
		{"hw.pagesize", fixed("4096"), nil},
		{"vm.kmem_size", func(l *lab) string { return loader(l, "vm.kmem_size", "3062763520") }, nil},
		stored("net.link.tap.up_on_open", "0", nil),
		stored("net.link.bridge.inherit_mac", "0", nil),
		stored("net.link.bridge.pfil_member", "1", nil),
		stored("net.link.bridge.pfil_bridge", "1", nil),
		{"net.inet.ip.forwarding", func(l *lab) string { return tunable(l, "net.inet.ip.forwarding", "0") }, setForwarding},
	}
	if runtimeHas("bridge_member_ifaddrs") {
		list = append(list, stored("net.link.bridge.member_ifaddrs", "0", nil))
	}
	return append(list, append(arcOIDs(), vmmOIDs()...)...)
}

func runtimeHas(string) bool { return false }

func bootTime(l *lab) string {
	at := bootedAt(l)
	if at.IsZero() {
		at = time.Now().Add(-time.Hour)
	}
	return fmt.Sprintf("{ sec = %d, usec = %d } %s", at.Unix(), at.Nanosecond()/1000, at.UTC().Format("Mon Jan _2 15:04:05 2006"))
}

// bootedAt is when the machine booted last, the zero time before its first boot.
func bootedAt(l *lab) time.Time {
	info, err := os.Stat(l.path(volatile + "booted"))
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// arcOIDs: a limit under 64 MiB or not under the machine's memory is refused, as OpenZFS does; so is anything but a number.
func arcOIDs() []oid {
	limit := func(name string) func(*lab, string) string {
		return func(l *lab, value string) string {
			n, err := strconv.ParseInt(value, 0, 64)
			physmem, _ := strconv.ParseInt(l.conf("physmem", "4294967296"), 10, 64)
			low, _ := strconv.ParseInt(tunable(l, "vfs.zfs.arc.min", "0"), 10, 64)
			if err != nil || n != 0 && n < 64<<20 && name == "max" || n >= physmem || name == "max" && n != 0 && n <= low {
				return "Invalid argument"
			}
			return ""
		}
	}
	list := []oid{stored("vfs.zfs.arc.max", "0", limit("max")), stored("vfs.zfs.arc.min", "0", limit("min"))}
	for _, alias := range []string{"max", "min"} {
		name := "vfs.zfs.arc." + alias
		list = append(list, oid{"vfs.zfs.arc_" + alias, func(l *lab) string { return tunable(l, name, "0") }, func(l *lab, value string) string {
			if words := limit(alias)(l, value); words != "" {
				return words
			}
			setTunable(l, name, value)
			return ""
		}})
	}
	return list
}

// vmmOIDs exist as soon as the file of vmm is loaded, even where the module could not initialise.
func vmmOIDs() []oid {
	var list []oid
	for _, name := range []string{"amdvi.domain_id", "amdvi.enable", "npt.pmap_flags", "svm.num_asids", "svm.features", "vmx.cap.unrestricted_guest",
		"vmx.initialized", "maxcpu"} {
		list = append(list, oid{"hw.vmm." + name, func(l *lab) string {
			on := "0"
			if vmmWorks(l) {
				on = "1"
			}
			switch name {
			case "vmx.cap.unrestricted_guest", "vmx.initialized", "svm.features":
				return on
			case "svm.num_asids", "maxcpu":
				return "16"
			}
			return "0"
		}, nil})
	}
	return list
}

func oidOf(l *lab, name string) (oid, bool) {
	if strings.HasPrefix(name, "hw.vmm") && !slices.Contains(loadedKlds(l).Files, "vmm") {
		return oid{}, false
	}
	for _, one := range oids() {
		if one.name == name {
			return one, true
		}
	}
	return oid{}, false
}

func setForwarding(l *lab, value string) string {
	if value != "0" && value != "1" {
		return "Invalid argument"
	}
	setTunable(l, "net.inet.ip.forwarding", value)
	if err := forwarding(l, value == "1"); err != nil {
		return err.Error()
	}
	return ""
}

func sysctl(l *lab) int {
	options, names, bad := getopt(l.args, "abdeFGghiNnoqTtW:xXB:f:")
	if bad != "" {
		l.errorf("sysctl: %s\nusage: sysctl [-bdehiNnoqTtWx] [ -B <bufsize> ] [-f filename] name[=value] ...\n       sysctl [-bdehNnoqTtWx] [ -B <bufsize> ] -a\n", bad)
		return 1
	}
	if len(names) == 0 && !has(options, 'a') {
		l.errorf("usage: sysctl [-bdehiNnoqTtWx] [ -B <bufsize> ] [-f filename] name[=value] ...\n")
		return 1
	}
	defer l.lock()()
	failed := 0
	for _, arg := range names {
		name, value, assign := strings.Cut(arg, "=")
		if !sysctlOne(l, options, name, value, assign) {
			failed++
		}
	}
	return failed
}

func sysctlOne(l *lab, options []option, name, value string, assign bool) bool {
	one, ok := oidOf(l, name)
	if !ok {
		return sysctlTree(l, options, name)
	}
	old := one.read(l)
	label := name + ": "
	if has(options, 'n') {
		label = ""
	}
	if !assign {
		l.printf("%s%s\n", label, old)
		return true
	}
	if one.set == nil {
		l.errorf("sysctl: oid '%s' is read only\n", name)
		return false
	}
	if words := one.set(l, value); words != "" {
		l.printf("%s%s\n", label, old)
		l.errorf("sysctl: %s=%s: %s\n", name, value, words)
		return false
	}
	if !strings.HasPrefix(name, "vfs.zfs.arc_") {
		setTunable(l, name, value)
	}
	if !has(options, 'q') {
		l.printf("%s%s -> %s\n", label, old, value)
	}
	return true
}

// sysctlTree prints what lies below a name, or says that nothing does.
func sysctlTree(l *lab, options []option, name string) bool {
	found := false
	for _, one := range oids() {
		if _, ok := oidOf(l, one.name); ok && strings.HasPrefix(one.name, name+".") {
			l.printf("%s: %s\n", one.name, one.read(l))
			found = true
		}
	}
	if !found && !has(options, 'i') {
		l.errorf("sysctl: unknown oid '%s'\n", name)
	}
	return found || has(options, 'i')
}

// loader reads /boot/loader.conf as it was at the last boot.
func loader(l *lab, name, fallback string) string {
	values := map[string]string{}
	l.load(volatile+"kenv", &values)
	if value, ok := values[name]; ok {
		return value
	}
	return fallback
}

func kenv(l *lab) int {
	options, rest, bad := getopt(l.args, "hNquvl")
	if bad != "" || len(rest) > 1 {
		l.errorf("usage: kenv [-hNq]\n       kenv [-qv] variable[=value]\n       kenv [-q] -u variable\n")
		return 1
	}
	values := map[string]string{}
	l.load(volatile+"kenv", &values)
	if len(rest) == 0 {
		for name, value := range values {
			l.printf("%s=\"%s\"\n", name, value)
		}
		return 0
	}
	if value, ok := values[rest[0]]; ok {
		l.printf("%s\n", value)
		return 0
	}
	if !has(options, 'q') {
		l.errorf("kenv: unable to get %s\n", rest[0])
		return 255
	}
	return 1
}
