//go:build linux

package main

import (
	"slices"
	"strings"
)

func kldCommands() map[string]command {
	return map[string]command{"kldload": kldload, "kldstat": kldstat, "kldunload": kldunload}
}

// inKernel are the modules that FreeBSD's generic kernel has built in.
var inKernel = []string{"if_tuntap", "if_epair", "geom_label", "ufs"}

// known are the modules that can be loaded, with what each brings along.
var known = map[string][]string{
	"vmm": nil, "nmdm": nil, "if_bridge": {"bridgestp"}, "bridgestp": nil, "pf": nil, "zfs": {"opensolaris"}, "opensolaris": nil,
	"fusefs": nil, "p9fs": nil, "nfsd": nil, "nullfs": nil, "fdescfs": nil, "linux64": nil, "if_tap": nil, "aio": nil, "tmpfs": nil,
}

type klds struct {
	Files   []string // loaded, as kldstat lists them
	Modules []string // initialised: for vmm on a machine that cannot run it, a file without its module
}

func loadedKlds(l *lab) klds {
	k := klds{}
	l.load(volatile+"kld", &k)
	return k
}

func moduleLives(l *lab, name string) bool {
	return slices.Contains(inKernel, name) || slices.Contains(loadedKlds(l).Modules, name)
}

func vmmWorks(l *lab) bool { return l.conf("vmm", "yes") == "yes" && moduleLives(l, "vmm") }

func loadModule(l *lab, name string) {
	k := loadedKlds(l)
	for _, one := range append(slices.Clone(known[name]), name) {
		if slices.Contains(k.Files, one) {
			continue
		}
		k.Files = append(k.Files, one)
		if one == "vmm" && l.conf("vmm", "yes") != "yes" {
			l.kernelSays("SVM: NRIP Save feature not available.")
			l.kernelSays("module_register_init: MOD_LOAD (vmm, 0xffffffff81c04fa0, 0) error 6")
			continue
		}
		k.Modules = append(k.Modules, one)
	}
	l.save(volatile+"kld", k)
	switch name {
	case "nmdm":
		nmdmLoad(l)
	case "zfs":
		zfsLoad(l)
	case "pf":
		l.must(l.write("/dev/pf", ""))
	}
}

func kldload(l *lab) int {
	options, names, bad := getopt(l.args, "nvq")
	if bad != "" || len(names) == 0 {
		if bad != "" {
			l.errorf("kldload: %s\n", bad)
		}
		l.errorf("usage: kldload [-nqv] file ...\n")
		return 1
	}
	defer l.lock()()
	status := 0
	for _, name := range names {
		name = strings.TrimSuffix(name[strings.LastIndexByte(name, '/')+1:], ".ko")
		k := loadedKlds(l)
		switch {
		case slices.Contains(inKernel, name) || slices.Contains(k.Files, name):
			if !has(options, 'n') {
				l.errorf("kldload: can't load %s: module already loaded or in kernel\n", name)
				status = 1
			}
		case known[name] == nil && !isKnown(name) || l.conf("kld_missing", "") == name:
			l.errorf("kldload: can't load %s: No such file or directory\n", name)
			status = 1
		default:
			loadModule(l, name)
		}
	}
	return status
}

func isKnown(name string) bool { _, ok := known[name]; return ok }

func kldstat(l *lab) int {
	options, rest, bad := getopt(l.args, "dhm:n:qvi:")
	if bad != "" || len(rest) > 0 {
		if bad != "" {
			l.errorf("kldstat: %s\n", bad)
		}
		l.errorf("usage: kldstat [-dhqv] [-i id] [-n filename]\n       kldstat [-q] [-m modname]\n")
		return 1
	}
	k := loadedKlds(l)
	if name := value(options, 'm'); name != "" {
		if moduleLives(l, name) {
			if !has(options, 'q') {
				l.printf("Id  Refs Name\n%3d %4d %s\n", 100, 1, name)
			}
			return 0
		}
		if !has(options, 'q') {
			l.errorf("kldstat: can't find module %s: No such file or directory\n", name)
		}
		return 1
	}
	if name := strings.TrimSuffix(value(options, 'n'), ".ko"); name != "" {
		if slices.Contains(k.Files, name) || name == "kernel" {
			return 0
		}
		if !has(options, 'q') {
			l.errorf("kldstat: can't find file %s: No such file or directory\n", name)
		}
		return 1
	}
	l.printf("Id Refs Address                Size Name\n 1   %2d 0xffffffff80200000  1f3c6c0 kernel\n", 1+len(k.Files))
	for i, name := range k.Files {
		l.printf("%2d    1 0xffffffff82%02d0000     8000 %s.ko\n", i+2, i, name)
	}
	return 0
}

func kldunload(l *lab) int {
	_, names, bad := getopt(l.args, "fvi:n:")
	if bad != "" || len(names) == 0 {
		l.errorf("usage: kldunload [-fv] [-n] filename ...\n       kldunload [-fv] -i id ...\n")
		return 1
	}
	defer l.lock()()
	for _, name := range names {
		k := loadedKlds(l)
		name = strings.TrimSuffix(name, ".ko")
		if !slices.Contains(k.Files, name) {
			return l.fail("can't find file %s: No such file or directory", name)
		}
		not := func(other string) bool { return other == name }
		k.Files, k.Modules = slices.DeleteFunc(k.Files, not), slices.DeleteFunc(k.Modules, not)
		l.save(volatile+"kld", k)
	}
	return 0
}
