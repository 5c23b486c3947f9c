//go:build linux

package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// initMain is process 1 of the container: it boots, reaps, reboots and powers off as FreeBSD's init does on the same signals.
// What takes time is done by children (init boot, init stop), so that reaping never waits.
func initMain(l *lab) int {
	switch {
	case len(l.args) == 1 && l.args[0] == "boot":
		return boot(l)
	case len(l.args) == 1 && l.args[0] == "stop":
		return rcShutdown(l)
	case os.Getpid() != 1:
		return l.fail("lab: init is process 1 or nothing")
	case len(l.args) > 0 && l.args[0] == "engine":
		return engineVM(l, l.args[1:])
	}
	if card := os.Getenv(cardVariable); card != "" {
		l.report(setConf(l, "card", card))
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2)
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	l.report(os.RemoveAll(volatile))
	spawn("boot")
	for which := range signals {
		switch which {
		case syscall.SIGCHLD:
			reap(0)
		case syscall.SIGINT:
			fmt.Println("lab: reboot")
			stopAll()
			l.report(os.RemoveAll(volatile))
			spawn("boot")
		default:
			fmt.Println("lab: power off")
			stopAll()
			return 0
		}
	}
	return 0
}

func spawn(what string) int {
	pid, err := syscall.ForkExec("/proc/self/exe", []string{"init", what}, &syscall.ProcAttr{
		Dir: "/", Env: append(os.Environ(), "LAB_NESTED=1"), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setsid: true}})
	if err != nil {
		fmt.Println("lab: init", what, err)
		return 0
	}
	return pid
}

// reap takes what has ended; true when the process asked for is among it.
func reap(wanted int) bool {
	found := false
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err != nil || pid <= 0 {
			return found
		}
		found = found || pid == wanted
	}
}

// stopAll runs the stop scripts with rc.shutdown's time limit, then ends every process.
func stopAll() {
	pid := spawn("stop")
	for range 1000 {
		if pid == 0 || reap(pid) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, kill := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = syscall.Kill(-1, kill) // nobody may be left
		for range 20 {
			reap(0)
			if _, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err == syscall.ECHILD {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}
