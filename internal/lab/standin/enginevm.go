//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// What the container that plays a VM beside FreeBSD is given: its disk, which stays as it is, and by cardVariable the address of its second card,
// where it has one.
const (
	engineDisk   = "/engine.qcow2"
	engineRoot   = lasting + "engine.qcow2"
	cardVariable = "FBDOCK_CARD"
	// A container is in its second network only after it was started.
	cardWait = time.Minute
	// Whoever presses the power button of a machine that boots presses it again.
	buttonEvery = 5 * time.Second
)

// engineVM is process 1 of that container: it runs the VM until it is powered off, and passes SIGTERM on as the power button.
func engineVM(l *lab, args []string) int {
	stop := make(chan os.Signal, 4)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	size := map[string]string{}
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		size[name] = value
	}
	card := os.Getenv(cardVariable)
	if size["cpus"] == "" || size["memory"] == "" {
		return l.fail("lab: engine cpus=N memory=MIB, got %q", args)
	}
	if card != "" {
		if err := engineBridge(l); err != nil {
			return l.fail("lab: %v", err)
		}
	}
	if !l.exists(engineRoot) {
		l.must(os.MkdirAll(filepath.Dir(engineRoot), 0o700))
		if err := l.debian("qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", engineDisk, engineRoot); err != nil {
			return l.fail("lab: %v", err)
		}
	}
	qmp := volatile + "engine.qmp"
	l.must(os.MkdirAll(volatile, 0o700))
	l.remove(qmp)
	runtime.LockOSThread() // QEMU dies with the thread that started it
	cmd := exec.Command(debianPath("qemu-system-x86_64"), engineArgs(size, card, qmp)...)
	cmd.Stdout, cmd.Stderr = l.out, l.errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return l.fail("lab: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	mon, err := dialMonitor(qmp)
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended
		return l.fail("lab: qemu: %v, %v", err, <-done)
	}
	return untilOff(mon, stop, done)
}

// untilOff waits for the VM's end.
func untilOff(mon *monitor, stop <-chan os.Signal, done <-chan error) int {
	var again <-chan time.Time
	for {
		select {
		case <-stop:
			fmt.Println("lab: power button")
			mon.say("system_powerdown")
			again = time.After(buttonEvery)
		case <-again:
			mon.say("system_powerdown")
			again = time.After(buttonEvery)
		case _, ok := <-mon.events:
			if !ok {
				mon.events = nil
			}
		case err := <-done:
			fmt.Println("lab: the VM is off:", err)
			if err != nil {
				return 1
			}
			return 0
		}
	}
}

// engineArgs is the machine as libvirt makes it of a box: BIOS, virtio, the provider's network first. That one is QEMU's own: what comes to port
// 22 of the container comes to the VM's, and the VM reaches what the container does.
func engineArgs(size map[string]string, card, qmp string) []string {
	args := []string{"-name", "engine", "-nodefaults", "-no-user-config", "-machine", "q35,usb=off,vmport=off",
		// One thread, for the reason that qemuArgs has.
		"-accel", "tcg,thread=single,tb-size=256", "-cpu", "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand",
		"-smp", size["cpus"], "-m", size["memory"], "-display", "none", "-rtc", "base=utc", "-serial", "stdio",
		"-qmp", "unix:" + qmp + ",server=on,wait=off", "-device", "virtio-rng-pci",
		"-drive", "if=none,id=root,format=qcow2,discard=unmap,file=" + engineRoot, "-device", "virtio-blk-pci,drive=root,bootindex=0",
		"-netdev", "user,id=out,ipv6=off,hostfwd=tcp:0.0.0.0:22-:22", "-device", "virtio-net-pci,netdev=out,romfile="}
	if card == "" {
		return args
	}
	return append(args, "-netdev", "tap,id=in,ifname=tap0,script=no,downscript=no", "-device", "virtio-net-pci,netdev=in,romfile=,mac="+card)
}

// engineBridge joins the VM's second card to the container's second network, in which the container itself is nobody.
func engineBridge(l *lab) error {
	if !awaitCard() {
		return fmt.Errorf("the container has no second network after %s", cardWait)
	}
	for _, line := range []string{
		"addr flush dev eth1", "link add br0 type bridge", "tuntap add tap0 mode tap", "link set eth1 master br0", "link set tap0 master br0",
		"link set eth1 up", "link set tap0 up", "link set br0 up",
	} {
		if err := l.debian("ip", strings.Fields(line)...); err != nil {
			return err
		}
	}
	return nil
}

// awaitCard waits for the container's second network.
func awaitCard() bool {
	for began := time.Now(); time.Since(began) < cardWait; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat("/sys/class/net/eth1"); err == nil {
			return true
		}
	}
	return false
}

// secondCard has the container's second network as vtnet1, with the address that FreeBSD's card is to have and nothing of the boot before.
func secondCard(l *lab) {
	card := l.conf("card", "")
	if l.fake || card == "" {
		return
	}
	if _, err := os.Stat("/sys/class/net/vtnet1"); err != nil {
		if os.Getenv(cardVariable) == "" { // as a test says
			return
		}
		if !awaitCard() {
			l.kernelSays("lab: the container has no second network")
			return
		}
		l.report(l.debian("ip", "link", "set", "eth1", "down"))
		l.report(l.debian("ip", "link", "set", "eth1", "address", card, "name", "vtnet1"))
	}
	l.report(l.debian("ip", "addr", "flush", "dev", "vtnet1"))
	l.report(l.debian("ip", "link", "set", "vtnet1", "down"))
}

// setConf changes a line of lab.conf.
func setConf(l *lab, name, value string) error {
	var lines []string
	for line := range strings.Lines(l.read("/etc/lab.conf")) {
		if !strings.HasPrefix(line, name+"=") {
			lines = append(lines, line)
		}
	}
	return l.write("/etc/lab.conf", strings.Join(append(lines, name+"="+value+"\n"), ""))
}
