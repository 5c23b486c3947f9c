package agent_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

func group() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// killTree kills a process and all its children; sshd gives each connection
// a session of its own.
func killTree(pid int) {
	_ = syscall.Kill(pid, syscall.SIGSTOP) // it makes no more of them
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		var child, parent int
		var state string
		if _, rest, ok := bytes.Cut(data, []byte(") ")); ok {
			_, _ = fmt.Sscan(string(rest), &state, &parent)
		}
		if _, err := fmt.Sscan(filepath.Base(filepath.Dir(file)), &child); err == nil && parent == pid {
			killTree(child)
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
}
