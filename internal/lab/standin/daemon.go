//go:build linux

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const daemonUsage = `usage: daemon [-cfHrS] [-p child_pidfile] [-P supervisor_pidfile]
              [-u user] [-o output_file] [-t title]
              [-l syslog_facility] [-s syslog_priority]
              [-T syslog_tag] [-m output_mask] [-R restart_delay_secs]
command arguments ...
`

// daemon is daemon(8): pid files that refuse a second one with 3, restart, output to a file.
func daemon(l *lab) int {
	opts, rest, bad := getopt(l.args, "cfHhl:m:o:p:P:rR:s:ST:t:u:")
	if bad != "" || has(opts, 'h') || len(rest) == 0 {
		if bad != "" {
			l.errorf("daemon: %s\n", bad)
		}
		l.errorf("%s", daemonUsage)
		if has(opts, 'h') {
			return 0
		}
		return 1
	}
	if os.Getenv("LAB_DAEMON") == "" {
		return daemonStart(l, opts, rest)
	}
	return daemonMain(l, opts, rest)
}

// daemonStart checks and takes the pid files in a child of its own session, and waits until that has said how it went.
func daemonStart(l *lab, opts []option, rest []string) int {
	self, err := os.Executable()
	if err != nil {
		return l.fail("%v", err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return l.fail("%v", err)
	}
	cmd := exec.Command(self, append([]string{"daemon"}, l.args...)...)
	// Its title in ps is that of the real one, which has its child's pid in brackets.
	title := value(opts, 't')
	if title == "" {
		title = rest[0]
	}
	cmd.Args[0] = "daemon: " + title + "[1]"
	cmd.Env = append(os.Environ(), "LAB_DAEMON=1", "LAB_NESTED=1")
	cmd.ExtraFiles = []*os.File{writer}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = os.Stderr
	if !has(opts, 'f') {
		cmd.Stdin, cmd.Stdout = os.Stdin, os.Stdout
	}
	if err := cmd.Start(); err != nil {
		return l.fail("%v", err)
	}
	writer.Close()
	line, _ := bufio.NewReader(reader).ReadString('\n')
	status, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 1
	}
	return status
}

// pidfile takes the lock that says that a daemon lives; it is held as long as the file stays open.
func pidfile(l *lab, name string) (*os.File, int, string) {
	file, err := os.OpenFile(l.path(name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, 2, fmt.Sprintf("daemon: ppidfile ``%s'': No such file or directory", name)
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		text, _ := os.ReadFile(l.path(name))
		return nil, 3, "daemon: process already running, pid: " + strings.TrimSpace(string(text))
	}
	l.must(file.Truncate(0))
	return file, 0, ""
}

func daemonMain(l *lab, opts []option, rest []string) int {
	syscall.CloseOnExec(3)
	ready := os.NewFile(3, "ready")
	say := func(status int, words string) int {
		if words != "" {
			l.errorf("%s\n", words)
		}
		_, _ = fmt.Fprintf(ready, "%d\n", status)
		ready.Close()
		return status
	}
	var held []*os.File
	for _, flag := range []byte("pP") {
		if name := value(opts, flag); name != "" {
			file, status, words := pidfile(l, name)
			if file == nil {
				return say(status, words)
			}
			held = append(held, file)
			if flag == 'P' {
				_, err := fmt.Fprint(file, os.Getpid())
				l.must(err)
			}
		}
	}
	cmd, err := daemonChild(l, opts, rest)
	if err != nil {
		return say(1, "daemon: "+err.Error())
	}
	notePID(l, opts, cmd)
	say(0, "")
	if has(opts, 'f') {
		if null, err := os.OpenFile("/dev/null", os.O_RDWR, 0); err == nil {
			l.must(syscall.Dup3(int(null.Fd()), 2, 0))
		}
	}
	status := superviseChild(l, opts, rest, cmd)
	for _, flag := range []byte("pP") {
		if name := value(opts, flag); name != "" {
			l.remove(l.path(name))
		}
	}
	for _, file := range held {
		file.Close()
	}
	return status
}

func notePID(l *lab, opts []option, cmd *exec.Cmd) {
	if name := value(opts, 'p'); name != "" {
		l.must(os.WriteFile(l.path(name), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600))
	}
}

func daemonChild(l *lab, opts []option, rest []string) (*exec.Cmd, error) {
	path, err := exec.LookPath(rest[0])
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, rest[1:]...)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "LAB_DAEMON=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	if !has(opts, 'f') {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	}
	if name := value(opts, 'o'); name != "" {
		out, err := os.OpenFile(l.path(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		cmd.Stdout, cmd.Stderr = out, out
	}
	if has(opts, 'c') {
		cmd.Dir = "/"
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd, cmd.Start()
}

// superviseChild waits for the child. With a supervisor's pid file or a restart, SIGTERM is passed on to it;
// without either the real daemon has exec'ed the command, so a signal to the child is all there is.
func superviseChild(l *lab, opts []option, rest []string, cmd *exec.Cmd) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGHUP)
	stopping := false
	for {
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }()
		ended := false
		for !ended {
			select {
			case which := <-stop:
				if which == syscall.SIGTERM {
					stopping = true
					_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
				}
			case <-done:
				ended = true
			}
		}
		if stopping || !has(opts, 'r') && !has(opts, 'R') {
			return 0
		}
		delay, _ := strconv.Atoi(value(opts, 'R'))
		time.Sleep(time.Duration(max(delay, 1)) * time.Second)
		// The real one ignores signals while it has no child (daemon.c, daemon_sleep): one that came meanwhile is lost.
		for len(stop) > 0 {
			<-stop
		}
		next, err := daemonChild(l, opts, rest)
		if err != nil {
			return 1
		}
		cmd = next
		notePID(l, opts, cmd)
	}
}
