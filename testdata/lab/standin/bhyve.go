package main

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func bhyveCommands() map[string]command {
	return map[string]command{"bhyve": bhyve, "bhyvectl": bhyvectl, "nmdmd": nmdmd, "cu": cu, "stty": stty,
		"qemu-system-x86_64": qemuSystem, "qemu-img": qemuImg}
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
		words = l.checkVM(m)
	}
	if words != "" {
		l.errorf("%s\n", strings.TrimSuffix(words, "\n"))
		return vmError
	}
	if words = l.claim(m); words != "" {
		l.errorf("%s\n", words)
		return vmError
	}
	defer l.release2(m)
	// What follows fails with the machine left in /dev/vmm, as with the real bhyve.
	if words = l.checkFiles(m); words != "" {
		l.errorf("%s\n", words)
		return vmError
	}
	l.kernelSays("%s: link state changed to UP", m.Tap)
	if l.fake {
		return l.pretend(m)
	}
	return l.emulate(m)
}

// checkVM is what the real bhyve finds out before it has made the machine.
func (l *lab) checkVM(m *vm) string {
	limit, _ := strconv.Atoi(l.conf("max_cpus", "16"))
	switch {
	case !l.vmmWorks():
		return "vm_create: Device not configured"
	case m.CPUs > limit:
		return "vm_set_topology: Invalid argument"
	}
	return ""
}

func (l *lab) checkFiles(m *vm) string {
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
	if strings.HasPrefix(m.Com1, "/dev/nmdm") && !l.moduleLives("nmdm") {
		return "Unable to initialize backend '" + m.Com1 + "' for LPC device com1"
	}
	return l.checkTap(m)
}

func (l *lab) checkTap(m *vm) string {
	if m.Tap == "" {
		return ""
	}
	unlock := l.lock()
	defer unlock()
	one := l.loadNet().find(m.Tap)
	if one == nil {
		return "open of tap device /dev/" + m.Tap + " failed\nlab: a tap that was not made before the start stays outside of every bridge"
	}
	if owner := l.tapOwner(m.Tap); owner != 0 && owner != os.Getpid() {
		return "open of tap device /dev/" + m.Tap + " failed\nvirtio-net: Device busy"
	}
	l.write(volatile+"tap/"+m.Tap, strconv.Itoa(os.Getpid()))
	return ""
}

func (l *lab) tapOwner(tap string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(l.read(volatile + "tap/" + tap)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

func (l *lab) tapBusy(tap string) bool { return l.tapOwner(tap) != 0 }

// claim makes /dev/vmm/NAME; a machine that a live bhyve holds is not taken over.
func (l *lab) claim(m *vm) string {
	unlock := l.lock()
	defer unlock()
	if l.vmOwner(m.Name) != 0 {
		return "vm_open: Device busy"
	}
	l.write("/dev/vmm/"+m.Name, "")
	l.write(volatile+"vmm/"+m.Name, strconv.Itoa(os.Getpid()))
	return ""
}

// vmOwner is the live process that runs a machine, 0 without one: bhyve that
// was killed leaves its file behind.
func (l *lab) vmOwner(name string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(l.read(volatile + "vmm/" + name)))
	if err != nil || syscall.Kill(pid, 0) != nil {
		return 0
	}
	return pid
}

// release2 lets go of what this process held; /dev/vmm/NAME stays, but with -D.
func (l *lab) release2(m *vm) {
	os.Remove(l.path(volatile + "vmm/" + m.Name))
	if l.tapOwner(m.Tap) == os.Getpid() {
		os.Remove(l.path(volatile + "tap/" + m.Tap))
	}
	if m.Destroy {
		os.Remove(l.path("/dev/vmm/" + m.Name))
	}
	l.kernelSays("%s: link state changed to DOWN", m.Tap)
}

// inUse says whether a running machine has a volume open.
func (l *lab) inUse(file string) bool {
	entries, _ := os.ReadDir(l.path(volatile + "vmm"))
	for _, entry := range entries {
		if pid := l.vmOwner(entry.Name()); pid != 0 {
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
func (l *lab) pretend(m *vm) int {
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
			os.Remove(end)
			status, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				return vmPowerOff
			}
			return status
		}
	}
}

func bhyvectl(l *lab) int {
	name, verbs := "", []string{}
	known := []string{"create", "destroy", "force-poweroff", "force-reset", "get-stats", "get-all", "suspend"}
	for _, arg := range l.args {
		key, value, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		switch {
		case !strings.HasPrefix(arg, "--"):
			l.errorf("bhyvectl: unexpected argument %s\n", arg)
			return 1
		case key == "vm":
			name = value
		case slices.Contains(known, key):
			verbs = append(verbs, key)
		default:
			l.errorf("bhyvectl: unrecognized option `%s'\nUsage: bhyvectl --vm=<vmname>\n", arg)
			return 1
		}
	}
	if name == "" {
		l.errorf("Usage: bhyvectl --vm=<vmname>\n")
		return 1
	}
	device := "/dev/vmm/" + name
	for _, verb := range verbs {
		if verb == "create" {
			if !l.vmmWorks() {
				l.errorf("errno = 6\n")
				return 255
			}
			if l.exists(device) {
				l.errorf("errno = 17\n")
				return 255
			}
			l.write(device, "")
			continue
		}
		if !l.exists(device) {
			l.errorf("vm_open: %s could not be opened: No such file or directory\n", name)
			return 1
		}
		l.control(name, verb)
	}
	return 0
}

func (l *lab) control(name, verb string) {
	switch verb {
	case "destroy":
		l.stopVM(name, "4")
		os.Remove(l.path("/dev/vmm/" + name))
		if entries, err := os.ReadDir(l.path("/dev/vmm")); err == nil && len(entries) == 0 {
			os.Remove(l.path("/dev/vmm"))
		}
	case "force-poweroff":
		l.stopVM(name, "poweroff")
	case "force-reset":
		l.stopVM(name, "0")
	}
}

func (l *lab) stopVM(name, how string) {
	if l.vmOwner(name) == 0 {
		return
	}
	l.write(volatile+"end/"+name, how)
	for range 100 {
		if l.vmOwner(name) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// qemuArgs gives the same machine to QEMU. One thread emulates all CPUs in
// turn: with one for each, Debian 12's QEMU 7.2 has been seen to let both
// CPUs of the engine wait for one another for good.
func (l *lab) qemuArgs(m *vm, qmp, vars string) []string {
	args := []string{"-name", m.Name, "-nodefaults", "-no-user-config", "-machine", "q35,usb=off,vmport=off",
		"-accel", "tcg,thread=single,tb-size=256", "-cpu", "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand",
		"-smp", strconv.Itoa(m.CPUs), "-m", strconv.FormatInt(m.Memory>>20, 10),
		"-display", "none", "-no-reboot", "-rtc", "base=utc", "-qmp", "unix:" + qmp + ",server=on,wait=off",
		"-drive", "if=pflash,format=raw,readonly=on,file=" + l.path(m.Rom), "-drive", "if=pflash,format=raw,file=" + vars}
	if m.UUID != "" {
		args = append(args, "-uuid", m.UUID)
	}
	for i, disk := range m.Disks {
		id := "disk" + strconv.Itoa(i)
		drive := "if=none,id=" + id + ",format=raw,discard=unmap,cache=" + disk.Cache + ",file=" + l.path(disk.Path)
		if disk.ReadOnly {
			drive += ",readonly=on"
		}
		args = append(args, "-drive", drive, "-device", "virtio-blk-pci,drive="+id+",bootindex="+strconv.Itoa(i))
	}
	if m.CD != "" {
		args = append(args, "-drive", "if=none,id=cd,format=raw,media=cdrom,readonly=on,file="+l.path(m.CD), "-device", "ide-cd,drive=cd")
	}
	if m.Tap != "" {
		device := "virtio-net-pci,netdev=net0,romfile="
		if m.MAC != "" {
			device += ",mac=" + m.MAC
		}
		args = append(args, "-netdev", "tap,id=net0,ifname="+m.Tap+",script=no,downscript=no", "-device", device)
	}
	if m.RNG {
		args = append(args, "-device", "virtio-rng-pci")
	}
	for i, share := range m.Shares {
		id := "fs" + strconv.Itoa(i)
		dev := "local,id=" + id + ",security_model=passthrough,path=" + l.path(share.Path)
		if share.ReadOnly {
			dev += ",readonly=on"
		}
		args = append(args, "-fsdev", dev, "-device", "virtio-9p-pci,fsdev="+id+",mount_tag="+share.Tag)
	}
	return args
}

// emulate runs QEMU and tells from its events how the guest ended.
func (l *lab) emulate(m *vm) int {
	dir := l.path(volatile + "qemu")
	os.MkdirAll(dir, 0o700)
	qmp, vars := filepath.Join(dir, m.Name+".qmp"), filepath.Join(dir, m.Name+".vars")
	os.Remove(qmp)
	if text, err := os.ReadFile("/usr/share/OVMF/OVMF_VARS_4M.fd"); err != nil || os.WriteFile(vars, text, 0o600) != nil {
		l.errorf("bhyve: lab: no firmware variables: %v\n", err)
		return vmError
	}
	args := l.qemuArgs(m, qmp, vars)
	if port := strings.TrimSuffix(strings.TrimPrefix(m.Com1, "/dev/nmdm"), "A"); port != m.Com1 && m.Com1 != "" {
		socket := l.nmdmStart(port)
		args = append(args, "-chardev", "socket,id=com1,path="+socket, "-serial", "chardev:com1")
	} else if m.Com1 == "stdio" {
		args = append(args, "-serial", "stdio")
	}
	runtime.LockOSThread() // QEMU dies with the thread that started it
	cmd := exec.Command(debianPath("qemu-system-x86_64"), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.in, l.errs, l.errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		l.errorf("bhyve: lab: %v\n", err)
		return vmError
	}
	return l.watch(m, cmd, qmp)
}
