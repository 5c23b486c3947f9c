//go:build linux

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// qemuArgs gives the same machine to QEMU. One thread emulates all CPUs in
// turn: with one for each, Debian 12's QEMU 7.2 has been seen to let both
// CPUs of the engine wait for one another for good.
func qemuArgs(l *lab, m *vm, qmp, vars string) []string {
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
func emulate(l *lab, m *vm) int {
	dir := l.path(volatile + "qemu")
	l.must(os.MkdirAll(dir, 0o700))
	qmp, vars := filepath.Join(dir, m.Name+".qmp"), filepath.Join(dir, m.Name+".vars")
	l.remove(qmp)
	if m.Vars != "" {
		vars = l.path(m.Vars)
	} else if text, err := os.ReadFile("/usr/share/OVMF/OVMF_VARS_4M.fd"); err != nil || os.WriteFile(vars, text, 0o600) != nil {
		l.errorf("bhyve: lab: no firmware variables: %v\n", err)
		return vmError
	}
	args := qemuArgs(l, m, qmp, vars)
	if port := strings.TrimSuffix(strings.TrimPrefix(m.Com1, "/dev/nmdm"), "A"); port != m.Com1 && m.Com1 != "" {
		socket := nmdmStart(l, port)
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
	return watch(l, m, cmd, qmp)
}
