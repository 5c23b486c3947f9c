//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

func pidText() string { return strconv.Itoa(os.Getpid()) }

// nmdmLoad: FreeBSD makes a pair when somebody opens it. Linux cannot, so the pairs that lab.conf names are made with the module.
func nmdmLoad(l *lab) {
	if l.fake {
		return
	}
	for port := range strings.FieldsSeq(l.conf("nmdm", "fbdock.1")) {
		nmdmStart(l, port)
	}
}

// nmdmStart makes the pair PORT and gives the socket that stands for its A side.
func nmdmStart(l *lab, port string) string {
	socket := l.path(volatile + "nmdm/" + filepath.Base(port) + ".sock")
	if conn, err := net.Dial("unix", socket); err == nil {
		_ = conn.Close()
		return socket
	}
	l.must(os.MkdirAll(filepath.Dir(socket), 0o700))
	self, err := os.Executable()
	if err != nil {
		return socket
	}
	cmd := exec.Command(self, "nmdmd", port, socket)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = append(os.Environ(), "LAB_NESTED=1")
	if cmd.Start() != nil {
		return socket
	}
	l.must(cmd.Process.Release())
	for range 100 {
		if _, err := os.Lstat(l.path("/dev/nmdm" + port + "B")); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return socket
}

// nmdmd is the null modem PORT: what comes from the socket of the A side comes out of the terminal /dev/nmdmPORTB, and back.
// When the A side closes, the terminal hangs up and a new one takes its place.
func nmdmd(l *lab) int {
	if len(l.args) != 2 {
		return 64
	}
	port, socket := l.args[0], l.args[1]
	signal.Ignore(syscall.SIGHUP)
	l.remove(socket)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return l.fail("%v", err)
	}
	a := "/dev/nmdm" + port + "A"
	l.must(os.WriteFile(l.path(a), nil, 0o600))
	for {
		master, slave, err := openPTY()
		if err != nil {
			return l.fail("%v", err)
		}
		link := l.path("/dev/nmdm" + port + "B")
		l.remove(link + ".new")
		if os.Symlink(slave.Name(), link+".new") != nil || os.Rename(link+".new", link) != nil {
			return 1
		}
		for {
			conn, err := listener.Accept()
			if err != nil {
				return 1
			}
			if pump(conn, master) {
				break
			}
		}
		time.Sleep(300 * time.Millisecond) // the reader takes what is left
		slave.Close()
		master.Close()
	}
}

// pump moves bytes until the A side goes; true when it said anything at all (a probe says nothing).
// What nobody reads is dropped, as a modem does.
func pump(conn net.Conn, master *os.File) bool {
	defer func() { _ = conn.Close() }()
	var once sync.Once
	said := false
	stop := make(chan struct{})
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			if n > 0 {
				_, _ = conn.Write(buffer[:n])
			}
			if err != nil {
				return
			}
			select {
			case <-stop:
				return
			default:
			}
		}
	}()
	buffer := make([]byte, 4096)
	for {
		n, err := conn.Read(buffer)
		if n > 0 {
			said = true
			_ = master.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = master.Write(buffer[:n])
		}
		if err != nil {
			once.Do(func() { close(stop) })
			_ = master.SetReadDeadline(time.Now())
			return said
		}
	}
}

// openPTY gives both ends; the slave stays open so that the master lives without a reader.
func openPTY() (master, slave *os.File, err error) {
	fd, err := syscall.Open("/dev/ptmx", syscall.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	var number, unlock uint32
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlock))); e != 0 {
		return nil, nil, e
	}
	if _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number))); e != 0 {
		return nil, nil, e
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	return master, slave, err
}

// cu connects the terminal to a line: "cu -l DEVICE [-s SPEED]".
func cu(l *lab) int {
	opts, rest, bad := getopt(l.args, "a:l:s:eho")
	if bad != "" || len(rest) > 0 || value(opts, 'l') == "" {
		l.errorf("usage: cu [-ehot] [-a acu] [-l line] [-s speed | -speed] [telephone-number]\n")
		return 1
	}
	line := value(opts, 'l')
	if !strings.HasPrefix(line, "/dev/") {
		line = "/dev/" + line
	}
	if port, ok := strings.CutPrefix(line, "/dev/nmdm"); ok && !l.fake && moduleLives(l, "nmdm") && !l.exists(line) {
		nmdmStart(l, strings.TrimRight(port, "AB"))
	}
	device, err := os.OpenFile(l.path(line), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		l.errorf("cu: %s: No such file or directory\nlink down\n", line)
		return 1
	}
	defer device.Close()
	l.printf("Connected\n")
	done := make(chan struct{})
	go func() { _, _ = io.Copy(l.out, device); close(done) }()
	if _, err := io.Copy(device, l.in); err != nil {
		return 1
	}
	<-done
	return 0
}

// stty is FreeBSD's with the words that the console reader uses.
func stty(l *lab) int {
	var args []string
	for _, arg := range l.args {
		switch arg {
		case "raw", "-echo", "echo", "sane", "-raw", "cooked", "onlcr", "-onlcr", "size", "-a", "-g":
			args = append(args, arg)
		default:
			l.errorf("stty: illegal option -- %s\nusage: stty [-a | -e | -g] [-f file] [arguments]\n", arg)
			return 1
		}
	}
	return l.pass(args...)
}
