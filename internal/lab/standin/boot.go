//go:build linux

package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// boot plays what FreeBSD does from the loader to the login prompt.
func boot(l *lab) int {
	began, last := time.Now(), bootedAt(l)
	if l.fake && l.root == "" {
		endProcesses()
	}
	clearMachine(l)
	secondCard(l)
	firstDisk(l)
	l.report(l.write(volatile+"booted", ""))
	// No system boots twice in the second that kern.boottime is told by.
	if at := bootedAt(l); at.Unix() <= last.Unix() {
		l.report(os.Chtimes(l.path(volatile+"booted"), at, last.Add(time.Second)))
	}
	// The kernel's first words of each boot; what stands before is of the last one.
	l.kernelSays("---<<BOOT>>---")
	l.syslog("kernel: ---<<BOOT>>---")
	loaderConf(l)
	l.kernelSays("fbdock lab: this is a bench, not the system that it plays (%s)", release(l))
	l.kernelSays("lo0: link state changed to UP\nvtnet0: link state changed to UP")
	if forwarding(l, false) != nil {
		l.kernelSays("lab: this kernel has no nftables: the engine has no way out")
	}
	loadNet(l)
	mountFstab(l)
	if l.conf("root", "ufs") == "zfs" {
		loadModule(l, "zfs")
	}
	for module := range strings.FieldsSeq(rcValue(l, "kld_list")) {
		rc("kldload", "-n", module)
	}
	for line := range strings.Lines(l.read("/etc/sysctl.conf")) {
		if line, _, _ = strings.Cut(strings.TrimSpace(line), "#"); strings.Contains(line, "=") {
			rc("sysctl", "-q", strings.TrimSpace(line))
		}
	}
	if rcYes(l, "gateway_enable") {
		rc("sysctl", "-q", "net.inet.ip.forwarding=1")
	}
	for _, script := range rcorder(l) {
		if !slices.Contains(script.keywords, "nostart") {
			rcScript(l, script.path, "faststart")
		}
	}
	l.remove(l.path("/firstboot"))
	l.report(l.write("/var/run/dmesg.boot", l.read(volatile+"dmesg")))
	fmt.Printf("lab: up after %.1f s\n", time.Since(began).Seconds())
	return 0
}

func rcValue(l *lab, name string) string {
	value, _ := rcConf(l, name)
	return value
}

// clearMachine takes away what no reboot leaves behind.
func clearMachine(l *lab) {
	hosts := l.read("/etc/hosts")
	for text := range strings.Lines(l.read("/proc/self/mountinfo")) {
		// Field 4 is what is mounted, field 5 where.
		// Docker mounts a file of its own there, which nobody can replace.
		if f := strings.Fields(text); len(f) > 8 && (strings.Contains(text, " - fuse.") || strings.HasPrefix(f[3], lasting) || f[4] == "/etc/hosts") {
			l.report(l.debian("umount", "-l", f[4]))
		}
	}
	if !l.fake && !l.exists(lasting+"hosts") { // the first boot takes Docker's over: sudo asks for this machine's name
		l.report(l.write("/etc/hosts", hosts))
		l.report(l.write(lasting+"hosts", ""))
	}
	for _, pattern := range []string{"/run/*", "/dev/vmm", "/dev/zvol", "/dev/nmdm*", "/dev/pf", "/dev/vtbd*", "/dev/cd0"} {
		names, _ := filepath.Glob(l.path(pattern))
		for _, name := range names {
			l.report(os.RemoveAll(name))
		}
	}
	for _, dir := range []string{"/run/sshd", "/run/lock", volatile} {
		l.report(os.MkdirAll(l.path(dir), 0o755))
	}
	links, _ := filepath.Glob(l.path("/sys/class/net/*"))
	for _, link := range links {
		if name := filepath.Base(link); strings.HasPrefix(name, "tap") || strings.HasPrefix(name, "tun") || strings.HasPrefix(name, "bridge") {
			l.report(l.debian("ip", "link", "del", name))
		}
	}
	l.report(nft(l, "table ip lab_pf {}\ndelete table ip lab_pf\n"))
}

// endProcesses ends what no reboot leaves behind: where there is no init, in a fake lab, the services of before.
func endProcesses() {
	mine := map[int]bool{}
	for pid := os.Getpid(); pid > 1; pid = parentOf(pid) {
		mine[pid] = true
	}
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == 1 || mine[pid] {
			continue
		}
		exe, _ := os.Readlink("/proc/" + entry.Name() + "/exe")
		line, _ := os.ReadFile("/proc/" + entry.Name() + "/cmdline")
		if filepath.Base(exe) == "standin" || bytes.Contains(line, []byte("/usr/local/libexec/fbdock/")) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
}

func parentOf(pid int) int {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

// firstDisk makes the spare disks, once, and their nodes, at each boot.
func firstDisk(l *lab) {
	l.report(os.MkdirAll(l.path(lasting+"disks"), 0o755))
	for name := range strings.FieldsSeq(l.conf("disks", "cd0 vtbd1 vtbd0")) {
		file := l.path(lasting + "disks/" + name)
		if _, err := os.Stat(file); err != nil {
			l.report(os.WriteFile(file, nil, 0o600))
			n, _ := size(l.conf("disk_size", "64G"))
			if name == "cd0" {
				n = 0
			}
			l.report(os.Truncate(file, n))
		}
		l.report(os.Symlink(file, l.path("/dev/"+name)))
	}
}

func loaderConf(l *lab) {
	values := map[string]string{}
	for _, file := range []string{"/boot/loader.conf", "/boot/loader.conf.local"} {
		maps.Copy(values, rcValues2(l, file))
	}
	l.save(volatile+"kenv", values)
	if text := values["vfs.zfs.arc_max"] + values["vfs.zfs.arc.max"]; text != "" {
		if n, ok := size(text); ok && n >= 64<<20 {
			setTunable(l, "vfs.zfs.arc.max", fmt.Sprint(n))
		}
	}
}

// rcValues2 reads NAME="VALUE" lines whose names have dots.
func rcValues2(l *lab, file string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(l.read(file)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[name] = strings.Trim(value, `"`)
		}
	}
	return values
}

// rc runs a stand-in, its words go to the console.
func rc(name string, args ...string) {
	if status := run(append([]string{name}, args...), nil, os.Stdout, os.Stderr); status != 0 {
		fmt.Printf("lab: %s %s: status %d\n", name, strings.Join(args, " "), status)
	}
}

func rcScript(l *lab, path, subcommand string) {
	cmd := exec.Command("/bin/sh", path, subcommand)
	cmd.Env = append(cleanEnv(l), "LAB_NESTED=1", "autoboot=yes")
	cmd.Stdout, cmd.Stderr, cmd.Dir = os.Stdout, os.Stderr, "/"
	if err := cmd.Run(); err != nil {
		fmt.Printf("lab: %s %s: %v\n", path, subcommand, err)
	}
}

type rcFile struct {
	path                                 string
	provides, requires, before, keywords []string
}

// rcorder sorts the scripts of both folders by what they provide and require.
func rcorder(l *lab) []rcFile {
	var files []rcFile
	for _, dir := range []string{"/etc/rc.d", "/usr/local/etc/rc.d"} {
		entries, _ := os.ReadDir(l.path(dir))
		for _, entry := range entries {
			path := l.path(filepath.Join(dir, entry.Name()))
			if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() {
				files = append(files, rcHeader(path))
			}
		}
	}
	var sorted []rcFile
	state := map[string]int{}
	var visit func(rcFile)
	visit = func(one rcFile) {
		if state[one.path] != 0 {
			return
		}
		state[one.path] = 1
		for _, other := range files {
			for _, name := range other.provides {
				if slices.Contains(one.requires, name) {
					visit(other)
				}
			}
			for _, name := range one.provides {
				if slices.Contains(other.before, name) {
					visit(other)
				}
			}
		}
		sorted = append(sorted, one)
	}
	for _, one := range files {
		visit(one)
	}
	return sorted
}

func rcHeader(path string) rcFile {
	one := rcFile{path: path}
	text, _ := os.ReadFile(path)
	for line := range bytes.Lines(text) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(string(line)), "#"))
		if len(words) == 0 || !bytes.HasPrefix(line, []byte("#")) {
			continue
		}
		switch words[0] {
		case "PROVIDE:":
			one.provides = append(one.provides, words[1:]...)
		case "REQUIRE:":
			one.requires = append(one.requires, words[1:]...)
		case "BEFORE:":
			one.before = append(one.before, words[1:]...)
		case "KEYWORD:":
			one.keywords = append(one.keywords, words[1:]...)
		}
	}
	return one
}

// rcShutdown stops, in the opposite order, the services that ask for it.
func rcShutdown(l *lab) int {
	files := rcorder(l)
	slices.Reverse(files)
	done := make(chan struct{})
	go func() {
		for _, one := range files {
			if slices.Contains(one.keywords, "shutdown") {
				rcScript(l, one.path, "faststop")
			}
		}
		close(done)
	}()
	limit, _ := time.ParseDuration(rcValue(l, "rcshutdown_timeout") + "s")
	select {
	case <-done:
	case <-time.After(max(limit, 10*time.Second)):
		fmt.Println("lab: rc.shutdown: 90 second watchdog timeout expired. Shutdown terminated.")
	}
	return 0
}
