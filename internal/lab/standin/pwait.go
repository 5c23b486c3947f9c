//go:build linux

package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Linux tells how a process ended to its parent alone, FreeBSD's kqueue to everybody: bhyve writes down how it ends, and
// one that has not was killed.
const exits = volatile + "exit/"

func noteExit(l *lab, status int) {
	l.must(l.write(exits+strconv.Itoa(os.Getpid()), strconv.Itoa(status)))
}

// pwait waits for processes that need not be its children.
func pwait(l *lab) int {
	opts, rest, bad := getopt(l.args, "ot:v")
	if bad != "" || len(rest) == 0 {
		l.errorf("usage: pwait [-t timeout] [-ov] pid ...\n")
		return 64
	}
	if has(opts, 't') {
		return l.fail("lab: -t is not played")
	}
	var waited []int
	for _, text := range rest {
		pid, err := strconv.Atoi(text)
		if err != nil || pid < 0 {
			l.errorf("pwait: %s: bad process id\n", text)
			continue
		}
		if !alive(pid) {
			l.errorf("pwait: %d: No such process\n", pid)
			if has(opts, 'o') {
				return 0
			}
			continue
		}
		if !slices.Contains(waited, pid) {
			waited = append(waited, pid)
		}
	}
	for len(waited) > 0 {
		next := slices.IndexFunc(waited, func(pid int) bool { return !alive(pid) })
		if next < 0 {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if has(opts, 'v') {
			l.printf("%d: %s\n", waited[next], ended(l, waited[next]))
		}
		if has(opts, 'o') {
			return 0
		}
		waited = slices.Delete(waited, next, next+1)
	}
	return 0
}

func ended(l *lab, pid int) string {
	if status := strings.TrimSpace(l.read(exits + strconv.Itoa(pid))); status != "" {
		return "exited with status " + status + "."
	}
	return "killed by signal 9."
}

// alive is false for what nobody has reaped yet, too.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(rest, "Z")
}
