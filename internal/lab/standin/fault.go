//go:build linux

package main

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

type action int

const (
	actRun   action = iota
	actFail         // do nothing, exit 1
	actKill         // do it, then kill the caller's process group
	actTrace        // do it, then write down what the file system is
)

// count numbers this call when a test asks for it (LAB_TRACE, LAB_FAIL, LAB_KILL) and says what is to happen.
// Calls below service and daemon are not counted: they are not the step's own.
func (l *lab) count() (number int, what action) {
	trace, failAt, killAt := os.Getenv("LAB_TRACE"), os.Getenv("LAB_FAIL"), os.Getenv("LAB_KILL")
	if os.Getenv("LAB_NESTED") != "" || trace+failAt+killAt == "" {
		return 0, actRun
	}
	unlock := l.lock()
	defer unlock()
	var calls int
	l.load(volatile+"calls", &calls)
	calls++
	l.save(volatile+"calls", calls)
	if trace != "" {
		appendTo(trace, fmt.Sprintf("%d %s %s\n", calls, l.name, strings.Join(l.args, " ")))
		return calls, actTrace
	}
	switch strconv.Itoa(calls) {
	case failAt:
		return calls, actFail
	case killAt:
		return calls, actKill
	}
	return calls, actRun
}

// traceAfter writes what the file system is after a call: a kill after a call that changed nothing is the kill after the call before it.
func (l *lab) traceAfter(number int) {
	appendTo(os.Getenv("LAB_TRACE"), fmt.Sprintf("%d = %x\n", number, l.fingerprint()))
}

func appendTo(name, line string) {
	if file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err == nil {
		_, _ = file.WriteString(line)
		_ = file.Close()
	}
}

// notFingerprinted are programs, which no step changes, what the lab counts with, and what the system makes up.
var notFingerprinted = []string{"/bin", "/lab", "/lib", "/lib64", "/sbin", "/usr/bin", "/usr/lab", "/proc", "/dev", "/tmp/trace", "/run/lab/calls.json", "/run/lab/lock"}

// fingerprint is one number for the names, sizes, modes, owners and times of all files.
func (l *lab) fingerprint() uint64 {
	sum := fnv.New64a()
	_ = filepath.WalkDir(l.path("/"), func(path string, d fs.DirEntry, err error) error {
		if slices.Contains(notFingerprinted, path) {
			return skip(d)
		}
		if err != nil {
			return nil
		}
		// The times of a folder that a temporary file was in say nothing.
		if info, err := d.Info(); err == nil && !info.IsDir() {
			stat, _ := info.Sys().(*syscall.Stat_t)
			_, _ = fmt.Fprintln(sum, path, info.Size(), info.Mode(), stat.Uid, info.ModTime().UnixNano())
		} else if err == nil {
			_, _ = fmt.Fprintln(sum, path, info.Mode())
		}
		return nil
	})
	return sum.Sum64()
}

func skip(d fs.DirEntry) error {
	if d != nil && d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (l *lab) killCaller() {
	group, err := syscall.Getpgid(os.Getppid())
	if err == nil && group > 1 {
		_ = syscall.Kill(-group, syscall.SIGKILL) // it may have ended
	}
}
