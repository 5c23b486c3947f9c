//go:build unix

package run

import (
	"os"
	"syscall"
)

// attributes puts a background program into a session of its own. A mere
// process group would still have the terminal, and whatever asks there (sudo,
// polkit) would be stopped by SIGTTIN without a word.
func attributes(foreground bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: !foreground}
}

func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// inherited bounds the descriptors that a caller is thought to hand down;
// shells and CI runners stay far below it.
const inherited = 1024

// keepOurs ends the inheritance of what fbdock itself was handed down beyond
// its three streams: a lock or pipe of a caller's script would stay held by a
// program that outlives it. fbdock's own files are never inherited.
func keepOurs() {
	for fd := 3; fd < inherited; fd++ {
		syscall.CloseOnExec(fd)
	}
}

// group is a started program with its children.
type group struct {
	pid  int
	lone bool // shares our group: only the program itself may be signalled
}

func watch(p *os.Process) group {
	id, err := syscall.Getpgid(p.Pid)
	return group{pid: p.Pid, lone: err == nil && id != p.Pid}
}

// interrupt reaches the children too: Vagrant's own launcher swallows the
// signal and counts on the terminal having sent it to all. On a shared
// terminal that has happened, and a second SIGINT would abort Vagrant.
func (g group) interrupt() {
	if g.lone {
		_ = syscall.Kill(g.pid, syscall.SIGTERM)
		return
	}
	_ = syscall.Kill(-g.pid, syscall.SIGINT)
}

func (g group) kill() {
	if g.lone {
		_ = syscall.Kill(g.pid, syscall.SIGKILL)
		return
	}
	_ = syscall.Kill(-g.pid, syscall.SIGKILL)
}

func (group) close() {}
