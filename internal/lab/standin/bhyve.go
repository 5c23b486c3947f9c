//go:build linux

package main

import (
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func bhyveCommands() map[string]command {
	return map[string]command{"bhyve": bhyve, "bhyvectl": bhyvectl, "nmdmd": nmdmd, "cu": cu, "stty": stty,
		"qemu-system-x86_64": qemuSystem, "qemu-img": qemuImg,
		"pwait": pwait}
}

// bhyve's exit statuses.
const (
	vmReboot = iota
	vmPowerOff
	vmHalt
	vmTripleFault
	vmError
)

func bhyve(l *lab) int {
	if contains(l.args, "-h") {
		l.printf("%s", bhyveUsage)
		return 0
	}
	m, words := parseBhyve(l.args)
	if words == "" {
		words = checkVM(l, m)
	}
	if words != "" {
		l.errorf("%s\n", strings.TrimSuffix(words, "\n"))
		return vmError
	}
	if words = claim(l, m); words != "" {
		l.errorf("%s\n", words)
		return vmError
	}
	defer release2(l, m)
	// What follows fails with the machine left in /dev/vmm, as with the real bhyve.
	if words = checkFiles(l, m); words != "" {
		l.errorf("%s\n", words)
		return vmError
	}
	l.kernelSays("%s: link state changed to UP", m.Tap)
	status := 0
	if l.fake {
		status = pretend(l, m)
	} else {
		status = emulate(l, m)
	}
	noteExit(l, status)
	return status
}

// checkVM is what the real bhyve finds out before it has made the machine.
func checkVM(l *lab, m *vm) string {
	limit, _ := strconv.Atoi(l.conf("max_cpus", "16"))
	switch {
	case !vmmWorks(l):
		return "vm_create: Device not configured"
	case m.CPUs > limit:
		return "vm_set_topology: Invalid argument"
	}
	return ""
}

func checkFiles(l *lab, m *vm) string {
	physmem, _ := strconv.ParseInt(l.conf("physmem", "4294967296"), 10, 64)
	switch {
	case m.Memory > physmem:
		return "Unable to setup memory (12)"
	case !m.Host:
		return "lab: no hostbridge in the command line"
	case m.Rom == "":
		return "virtual machine cannot be booted"
	case !m.LPC:
		return "lpc device missing: bootrom and com1 need -s 31,lpc"
	case !l.exists(m.Rom):
		return "Error opening bootrom \"" + m.Rom + "\": No such file or directory\nvirtual machine cannot be booted"
	case m.Vars != "" && !l.exists(m.Vars):
		return "Error opening bootvars \"" + m.Vars + "\": No such file or directory\nvirtual machine cannot be booted"
	case strings.HasPrefix(m.Vars, "/usr/local/share/"):
		return "lab: the machine would write into the package's own " + m.Vars
	case m.Vars == "" && l.exists(strings.TrimSuffix(m.Rom, ".fd")+"_CODE.fd"):
		// Seen with EDK2 202605: the guest's flash probe writes to the ROM.
		return "vm_run error -1, errno 14"
	}
	for _, disk := range m.Disks {
		if !l.exists(disk.Path) {
			return "Could not open backing file: " + disk.Path + ": No such file or directory\nDevice emulation initialization error: No such file or directory"
		}
	}
	if m.CD != "" && !l.exists(m.CD) {
		return "Could not open backing file: " + m.CD + ": No such file or directory\nDevice emulation initialization error: No such file or directory"
	}
	for _, share := range m.Shares {
		if info, err := os.Stat(l.path(share.Path)); err != nil || !info.IsDir() {
			return "virtio-9p: open of " + share.Path + ": No such file or directory\nDevice emulation initialization error: No such file or directory"
		}
	}
	if strings.HasPrefix(m.Com1, "/dev/nmdm") && !moduleLives(l, "nmdm") {
		return "Unable to initialize backend '" + m.Com1 + "' for LPC device com1"
	}
	return checkTap(l, m)
}

func checkTap(l *lab, m *vm) string {
	if m.Tap == "" {
		return ""
	}
	unlock := l.lock()
	defer unlock()
	one := loadNet(l).find(m.Tap)
	if one == nil {
		return "open of tap device /dev/" + m.Tap + " failed\nlab: a tap that was not made before the start stays outside of every bridge"
	}
	if owner := tapOwner(l, m.Tap); owner != 0 && owner != os.Getpid() {
		return "open of tap device /dev/" + m.Tap + " failed\nvirtio-net: Device busy"
	}
	l.must(l.write(volatile+"tap/"+m.Tap, strconv.Itoa(os.Getpid())))
	return ""
}

func tapOwner(l *lab, tap string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(l.read(volatile + "tap/" + tap)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

func tapBusy(l *lab, tap string) bool { return tapOwner(l, tap) != 0 }

// claim makes /dev/vmm/NAME; a machine that a live bhyve holds is not taken over.
func claim(l *lab, m *vm) string {
	unlock := l.lock()
	defer unlock()
	if vmOwner(l, m.Name) != 0 {
		return "vm_open: Device busy"
	}
	l.must(l.write("/dev/vmm/"+m.Name, ""))
	l.must(l.write(volatile+"vmm/"+m.Name, strconv.Itoa(os.Getpid())))
	return ""
}

// vmOwner is the live process that runs a machine, 0 without one: bhyve that
// was killed leaves its file behind.
func vmOwner(l *lab, name string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(l.read(volatile + "vmm/" + name)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

// release2 lets go of what this process held; /dev/vmm/NAME stays, but with -D.
func release2(l *lab, m *vm) {
	l.remove(l.path(volatile + "vmm/" + m.Name))
	if tapOwner(l, m.Tap) == os.Getpid() {
		l.remove(l.path(volatile + "tap/" + m.Tap))
	}
	if m.Destroy {
		l.remove(l.path("/dev/vmm/" + m.Name))
	}
	l.kernelSays("%s: link state changed to DOWN", m.Tap)
}

// inUse says whether a running machine has a volume open.
func inUse(l *lab, file string) bool {
	entries, _ := os.ReadDir(l.path(volatile + "vmm"))
	for _, entry := range entries {
		if pid := vmOwner(l, entry.Name()); pid != 0 {
			cmdline, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
			for _, arg := range strings.FieldsFunc(string(cmdline), func(r rune) bool { return r == 0 || r == ',' }) {
				if target, err := os.Readlink(l.path(arg)); err == nil && target == l.path(file) {
					return true
				}
			}
		}
	}
	return false
}

// pretend is the machine of a fake lab: it runs until it is told to stop. A file says how it ends.
func pretend(l *lab, m *vm) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	end := l.path(volatile + "end/" + m.Name) // "0" plays a reboot, "poweroff" what bhyvectl does
	for {
		select {
		case <-stop:
			return vmPowerOff
		case <-time.After(50 * time.Millisecond):
		}
		if text, err := os.ReadFile(end); err == nil {
			l.remove(end)
			status, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				return vmPowerOff
			}
			return status
		}
	}
}
