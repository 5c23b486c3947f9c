package run

import (
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

func attributes(foreground bool) *syscall.SysProcAttr {
	if foreground {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS,
		HideWindow:    true,
	}
}

// group is a started program with its children, held by a job object: it
// is the only handle by which Windows ends a tree of processes.
type group struct {
	process *os.Process
	job     windows.Handle
}

// watch tolerates a refused job (a process may be in one that forbids
// another): then only the program itself can be killed.
func watch(p *os.Process) group {
	g := group{process: p}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return g
	}
	h, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(p.Pid))
	if err == nil {
		err = windows.AssignProcessToJobObject(job, h)
		_ = windows.CloseHandle(h)
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return g
	}
	g.job = job
	return g
}

// interrupt is Ctrl-Break: Ctrl-C is switched off in a new process group.
func (g group) interrupt() {
	if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(g.process.Pid)); err != nil {
		g.kill() // no console, so nobody to interrupt
	}
}

func (g group) kill() {
	if g.job != 0 {
		_ = windows.TerminateJobObject(g.job, 1)
	}
	_ = g.process.Kill()
}

// close lets go of the job; what still runs in it lives on.
func (g group) close() {
	if g.job != 0 {
		_ = windows.CloseHandle(g.job)
	}
}

// keepOurs has nothing to do: a program is given a list of handles here.
func keepOurs() {}
