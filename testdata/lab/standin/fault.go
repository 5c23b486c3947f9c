package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

type action int

const (
	actRun  action = iota
	actFail        // do nothing, exit 1
	actKill        // do it, then kill the caller's process group
)

// count numbers this call when a test asks for it (LAB_TRACE, LAB_FAIL, LAB_KILL) and says what is to happen.
// Calls below service and daemon are not counted: they are not the step's own.
func (l *lab) count() action {
	trace, failAt, killAt := os.Getenv("LAB_TRACE"), os.Getenv("LAB_FAIL"), os.Getenv("LAB_KILL")
	if os.Getenv("LAB_NESTED") != "" || trace+failAt+killAt == "" {
		return actRun
	}
	unlock := l.lock()
	defer unlock()
	var calls int
	l.load(volatile+"calls", &calls)
	calls++
	l.save(volatile+"calls", calls)
	if trace != "" {
		if file, err := os.OpenFile(trace, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err == nil {
			fmt.Fprintf(file, "%d %s %s\n", calls, l.name, strings.Join(l.args, " "))
			file.Close()
		}
	}
	switch strconv.Itoa(calls) {
	case failAt:
		return actFail
	case killAt:
		return actKill
	}
	return actRun
}

func (l *lab) killCaller() {
	group, err := syscall.Getpgid(os.Getppid())
	if err == nil && group > 1 {
		syscall.Kill(-group, syscall.SIGKILL)
	}
}
