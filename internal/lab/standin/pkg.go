//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
)

func pkgCommands() map[string]command { return map[string]command{"pkg": pkg} }

// packages of the stand-in repository with their versions. Files come from /usr/lab/pkg/NAME, where the image has them.
var packages = map[string]string{
	"edk2-bhyve": "g202508", "qemu-tools": "10.1.0", "qemu-nox11": "10.1.0", "fusefs-sshfs": "3.7.6", "docker-cli": "29.4.2", "docker-compose": "5.5.0", "sudo": "1.9.17p2",
	"rsync": "3.4.1", "jq": "1.8.1", "bhyve-firmware": "1.0_2", "ca_root_nss": "3.117", "podman-suite": "20250101",
}

// dependsOn: bhyve-firmware is a meta package.
var dependsOn = map[string][]string{"bhyve-firmware": {"edk2-bhyve"}}

func installed(l *lab) []string {
	names := []string{"pkg", "sudo"}
	if l.conf("pkg", "ready") != "ready" {
		names = nil
	}
	l.load(lasting+"pkg", &names)
	return names
}

func offers(l *lab, name string) bool {
	if packages[name] == "" || contains(strings.Fields(l.conf("pkg_missing", "docker-compose")), name) {
		return false
	}
	return true
}

func pkg(l *lab) int {
	_, rest, bad := getopt(l.args, "46dhvN:j:r:c:C:R:o:l")
	if l.args == nil || bad != "" && !strings.HasPrefix(strings.Join(l.args, " "), "-N") {
		l.errorf("pkg: %s\nUsage: pkg [-v] [-d] [-l] [-N] [-j <jail name or id>|-c <chroot path>|-r <rootdir>] [-C <configuration file>] [-R <repo config dir>] [-o var=value] [-4|-6] <command> [<args>]\n", bad)
		return 1
	}
	defer l.lock()()
	opts, _, _ := getopt(l.args, "46dhvN:j:r:c:C:R:o:l")
	if name := value(opts, 'j'); name != "" {
		return pkgJail(l, name, rest)
	}
	have := installed(l)
	ready := slices.Contains(have, "pkg")
	if len(l.args) > 0 && l.args[0] == "-N" {
		if !ready {
			return l.fail("pkg is not installed")
		}
		return 0
	}
	if len(rest) == 0 {
		l.errorf("Usage: pkg <command> [<args>]\n")
		return 1
	}
	if rest[0] == "bootstrap" {
		return pkgBootstrap(l, have, ready)
	}
	if !ready {
		if os.Getenv("ASSUME_ALWAYS_YES") == "" {
			l.errorf("%s", bootstrapWords)
			return 1
		}
		if status := pkgBootstrap(l, have, false); status != 0 {
			return status
		}
		have = installed(l)
	}
	return pkgRun(l, have, rest[0], rest[1:])
}

func pkgRun(l *lab, have []string, subcommand string, args []string) int {
	switch subcommand {
	case "install":
		return pkgInstall(l, have, args)
	case "update":
		if _, rest, bad := getopt(args, "fqr:"); bad != "" || len(rest) > 0 {
			l.errorf("pkg: %s\nUsage: pkg update [-fq] [-r reponame]\n", bad)
			return 1
		}
		return pkgOnline(l)
	case "info":
		return pkgInfo(l, have, args)
	case "rquery", "query", "search":
		return pkgQuery(l, have, subcommand, args)
	case "delete", "remove":
		return pkgDelete(l, have, args)
	case "config":
		l.printf("FreeBSD:14:amd64\n")
		return 0
	case "repos":
		l.printf("FreeBSD: {\n}\n")
		return 0
	}
	l.errorf("pkg: unknown command: %s\n", subcommand)
	return 1
}

func pkgInstall(l *lab, have, args []string) int {
	opts, names, bad := getopt(args, "AcfIMnFqRUxyr:Cgi")
	if bad != "" || len(names) == 0 {
		l.errorf("pkg: %s\nUsage: pkg install [-AfInFMqRUxy] [-r reponame] [-Cgix] <pkg-name> ...\n", bad)
		return 1
	}
	if !has(opts, 'y') && os.Getenv("ASSUME_ALWAYS_YES") == "" {
		l.errorf("pkg: the lab's stdin says no: use -y\n")
		return 1
	}
	if status := pkgOnline(l); status != 0 {
		return status
	}
	var missing []string
	for _, name := range names {
		if !offers(l, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		l.errorf("pkg: No packages available to install matching '%s' have been found in the repositories\n", missing[0])
		return 1
	}
	if l.conf("pkg_osversion", "ok") != "ok" && os.Getenv("IGNORE_OSVERSION") != "yes" {
		l.errorf("pkg: repository FreeBSD contains packages for wrong OS version: FreeBSD:14:amd64\nTo ignore this error set IGNORE_OSVERSION=yes\n")
		return 1
	}
	if has(opts, 'n') {
		return pkgWould(l, have, names)
	}
	for _, name := range names {
		for _, one := range append(slices.Clone(dependsOn[name]), name) {
			if slices.Contains(have, one) {
				continue
			}
			if conflict := conflicts()[one]; slices.Contains(have, conflict) {
				l.printf("Checking integrity... done (1 conflicting)\n  - %s conflicts with installed %s: removed\n", one, conflict)
				l.must(unpack(l, conflict, true))
				have = slices.DeleteFunc(have, func(other string) bool { return other == conflict })
			}
			l.printf("[1/1] Installing %s-%s...\n", one, packages[one])
			if err := unpack(l, one, false); err != nil {
				return l.fail("lab: %v", err)
			}
			have = append(have, one)
		}
	}
	l.save(lasting+"pkg", have)
	return 0
}

func conflicts() map[string]string {
	return map[string]string{"qemu-tools": "qemu-nox11", "qemu-nox11": "qemu-tools"}
}

// pkgWould says what an install would do.
func pkgWould(l *lab, have, names []string) int {
	l.printf("The following %d package(s) will be affected (of 0 checked):\n\n", len(names))
	for _, name := range names {
		if conflict := conflicts()[name]; slices.Contains(have, conflict) {
			l.printf("Installed packages to be REMOVED:\n\t%s: %s\n\n", conflict, packages[conflict])
		}
		l.printf("New packages to be INSTALLED:\n\t%s: %s\n\n", name, packages[name])
	}
	return 0
}

// unpack puts the files of a package in place, or takes them away.
func unpack(l *lab, name string, remove bool) error {
	from := l.path("/usr/lab/pkg/" + name)
	if _, err := os.Stat(from); err != nil {
		return unpackFake(l, name, remove)
	}
	if !remove {
		out, err := exec.Command("/bin/cp", "-a", from+"/.", l.path("/")).CombinedOutput()
		if err != nil {
			l.errorf("%s", out)
		}
		return err
	}
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			l.remove(l.path("/" + strings.TrimPrefix(path, from+"/")))
		}
		return nil
	})
}

// unpackFake makes empty stand-ins of the files that the steps look for, where the image brings none.
func unpackFake(l *lab, name string, remove bool) error {
	files := map[string][]string{
		"edk2-bhyve":   {"/usr/local/share/uefi-firmware/BHYVE_UEFI.fd", "/usr/local/share/edk2-bhyve/BHYVE_UEFI.fd"},
		"qemu-tools":   {"/usr/local/bin/qemu-img"},
		"qemu-nox11":   {"/usr/local/bin/qemu-img", "/usr/local/bin/qemu-system-x86_64", "/usr/local/share/qemu/edk2-x86_64-code.fd"},
		"fusefs-sshfs": {"/usr/local/bin/sshfs"}, "docker-cli": {"/usr/local/bin/docker"},
		"docker-compose": {"/usr/local/lib/docker/cli-plugins/docker-compose"}, "sudo": {"/usr/local/bin/sudo"}, "jq": {"/usr/local/bin/jq"},
		"podman-suite": {"/usr/local/bin/podman", "/usr/local/etc/rc.d/podman", "/usr/local/etc/rc.d/podman_service"},
	}
	for _, file := range files[name] {
		if remove {
			l.remove(l.path(file))
			continue
		}
		text, ok := podmanScripts()[file]
		if !ok {
			text = "#!/bin/sh\nexec standin " + filepath.Base(file) + " \"$@\"\n"
		}
		if err := l.write(file, text); err != nil {
			return err
		}
		l.must(os.Chmod(l.path(file), 0o755))
	}
	return nil
}

func pkgInfo(l *lab, have, args []string) int {
	opts, names, bad := getopt(args, "aAbBCdDeEfFgiIklOpqRrsx")
	if bad != "" {
		l.errorf("pkg: %s\nUsage: pkg info <pkg-name>\n", bad)
		return 1
	}
	if len(names) == 0 {
		sort.Strings(have)
		for _, name := range have {
			l.printf("%s-%s\n", name, packages[name])
		}
		return 0
	}
	for _, name := range names {
		if !slices.Contains(have, name) {
			if !has(opts, 'e') {
				l.errorf("pkg: No package(s) matching %s\n", name)
			}
			return 1
		}
		if !has(opts, 'e') && !has(opts, 'q') {
			l.printf("%s-%s\n", name, packages[name])
		}
	}
	return 0
}

func pkgQuery(l *lab, have []string, subcommand string, args []string) int {
	_, rest, bad := getopt(args, "aAceFgixUr:qLoS")
	if bad != "" || len(rest) < 2 && subcommand != "search" || len(rest) == 0 {
		l.errorf("Usage: pkg %s ...\n", subcommand)
		return 1
	}
	name := rest[len(rest)-1]
	if subcommand != "query" && !catalogue(l) {
		return 1
	}
	if subcommand != "query" && !offers(l, name) || subcommand == "query" && !slices.Contains(have, name) {
		return 1
	}
	if subcommand == "search" {
		l.printf("%s-%s\n", name, packages[name])
		return 0
	}
	l.printf("%s\n", strings.NewReplacer("%v", l.conf("version_"+name, packages[name]), "%n", name, "%o", "lab/"+name).Replace(rest[0]))
	return 0
}

func pkgDelete(l *lab, have, args []string) int {
	_, names, bad := getopt(args, "afnqRyCgix")
	if bad != "" || len(names) == 0 {
		l.errorf("Usage: pkg delete [-DfginqRxy] <pkg-name> ...\n")
		return 1
	}
	for _, name := range names {
		if !slices.Contains(have, name) {
			l.errorf("No packages matched for pattern '%s'\n", name)
			return 1
		}
		l.must(unpack(l, name, true))
		have = slices.DeleteFunc(have, func(other string) bool { return other == name })
	}
	l.save(lasting+"pkg", have)
	return 0
}
