//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// monitor is a connection to QEMU's machine protocol.
type monitor struct {
	conn   net.Conn
	events chan event
}

type event struct {
	Event string `json:"event"`
	Data  struct {
		Reason string `json:"reason"`
	} `json:"data"`
}

func dialMonitor(path string) (*monitor, error) {
	var conn net.Conn
	err := errors.New("no monitor")
	for range 200 {
		if conn, err = net.Dial("unix", path); err == nil {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	if err != nil {
		return nil, err
	}
	m := &monitor{conn: conn, events: make(chan event, 64)}
	go func() {
		defer close(m.events)
		for lines := json.NewDecoder(conn); ; {
			var e event
			if lines.Decode(&e) != nil {
				return
			}
			if e.Event != "" {
				m.events <- e
			}
		}
	}()
	m.say("qmp_capabilities")
	return m, nil
}

func (m *monitor) say(command string) {
	_, _ = m.conn.Write([]byte(`{"execute":"` + command + `"}` + "\n"))
}

// watch passes SIGTERM on as the power button and turns QEMU's end into bhyve's exit status.
func watch(l *lab, m *vm, cmd *exec.Cmd, qmp string) int {
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	stop := make(chan os.Signal, 4)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	mon, err := dialMonitor(qmp)
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended
		<-done
		l.errorf("bhyve: lab: qemu: %v\n", err)
		return vmError
	}
	end := l.path(volatile + "end/" + m.Name)
	l.remove(end)
	status, forced := vmError, -1
	for {
		select {
		case <-stop:
			mon.say("system_powerdown")
		case e, ok := <-mon.events:
			if ok && e.Event == "SHUTDOWN" {
				status = shutdownStatus(e.Data.Reason)
			}
			if ok && e.Event == "GUEST_PANICKED" {
				status = vmTripleFault
			}
			if !ok {
				mon.events = nil
			}
		case <-time.After(200 * time.Millisecond):
			if text, err := os.ReadFile(end); err == nil {
				l.remove(end)
				forced = map[string]int{"poweroff": vmPowerOff, "0": vmReboot}[strings.TrimSpace(string(text))]
				if strings.TrimSpace(string(text)) == "4" {
					forced = vmError
				}
				mon.say("quit")
			}
		case <-done:
			// An event may still be under way when the process is gone.
			for mon.events != nil {
				select {
				case e, ok := <-mon.events:
					if !ok {
						mon.events = nil
					} else if e.Event == "SHUTDOWN" {
						status = shutdownStatus(e.Data.Reason)
					}
				case <-time.After(300 * time.Millisecond):
					mon.events = nil
				}
			}
			if forced >= 0 {
				return forced
			}
			return status
		}
	}
}

func shutdownStatus(reason string) int {
	switch reason {
	case "guest-reset":
		return vmReboot
	case "guest-shutdown", "host-qmp-quit", "host-signal":
		return vmPowerOff
	case "guest-panic":
		return vmTripleFault
	}
	return vmError
}

// qemuSystem is the FreeBSD package's qemu: it accepts what that one has, and runs Debian's.
func qemuSystem(l *lab) int {
	for i, arg := range l.args {
		next := ""
		if i+1 < len(l.args) {
			next = l.args[i+1]
		}
		switch {
		case arg == "-enable-kvm", arg == "-accel" && !strings.HasPrefix(next, "tcg"), arg == "-machine" && strings.Contains(next, "accel=kvm"):
			l.errorf("qemu-system-x86_64: invalid accelerator kvm\n")
			return 1
		case arg == "-netdev" && strings.HasPrefix(next, "bridge"), arg == "-netdev" && strings.Contains(next, "vhost=on"):
			l.errorf("qemu-system-x86_64: -netdev %s: not on this system\n", next)
			return 1
		case arg == "-netdev" && strings.HasPrefix(next, "tap,"):
			if words := qemuTap(l, next); words != "" {
				l.errorf("qemu-system-x86_64: -netdev %s: %s\n", next, words)
				return 1
			}
		}
	}
	if l.fake {
		if contains(l.args, "help") {
			l.printf("name \"virtio-9p-pci\", bus PCI, alias \"virtio-9p\"\n")
			return 0
		}
		return pretend(l, &vm{Name: "qemu"})
	}
	path := debianPath("qemu-system-x86_64")
	if err := syscall.Exec(path, append([]string{"qemu-system-x86_64"}, oneThread(l.args)...), os.Environ()); err != nil {
		return l.fail("%v", err)
	}
	return 0
}

// oneThread has all CPUs emulated in turn, for the reason that qemuArgs has.
func oneThread(args []string) []string {
	var all []string
	for _, arg := range args {
		machine, emulated := strings.CutSuffix(arg, ",accel=tcg")
		if all = append(all, machine); emulated {
			all = append(all, "-accel", "tcg,thread=single")
		}
	}
	return all
}

func qemuTap(l *lab, text string) string {
	for part := range strings.SplitSeq(text, ",") {
		name, ok := strings.CutPrefix(part, "ifname=")
		if !ok {
			continue
		}
		unlock := l.lock()
		found := loadNet(l).find(name) != nil
		unlock()
		if !found {
			return "could not configure /dev/" + name + " (" + name + "): No such file or directory"
		}
		if tapBusy(l, name) {
			return "could not open /dev/" + name + ": Device busy"
		}
		l.must(l.write(volatile+"tap/"+name, pidText()))
	}
	return ""
}

func qemuImg(l *lab) int {
	if l.fake {
		return fakeConvert(l)
	}
	return l.child(debianPath("qemu-img"), l.args, nil)
}

// fakeConvert copies: in a fake lab the image is as raw as the test made it.
func fakeConvert(l *lab) int {
	opts, rest, bad := getopt(l.args[min(1, len(l.args)):], "f:O:o:cpqt:T:S:m:W")
	if bad != "" || len(l.args) == 0 || l.args[0] != "convert" || len(rest) != 2 || value(opts, 'O') == "" {
		l.errorf("qemu-img: lab: only convert -f FMT -O FMT FROM TO\n")
		return 1
	}
	text, err := os.ReadFile(l.path(rest[0]))
	if err != nil {
		l.errorf("qemu-img: Could not open '%s': %v\n", rest[0], err)
		return 1
	}
	if err := os.WriteFile(l.path(rest[1]), text, 0o600); err != nil {
		l.errorf("qemu-img: %s: error while converting raw: %v\n", rest[1], err)
		return 1
	}
	return 0
}
