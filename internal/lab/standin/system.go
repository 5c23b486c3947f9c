//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func systemCommands() map[string]command {
	return map[string]command{"uname": uname, "freebsd-version": freebsdVersion, "dmesg": dmesg, "shutdown": shutdown, "reboot": reboot,
		"poweroff": poweroff, "halt": poweroff, "daemon": daemon, "lockf": lockf, "fetch": fetch, "logger": logger, "hostname": hostname,
		"init": initMain, "getent": getent, "nc": netcat, "newsyslog": quiet, "freebsd-update": missing, "sockstat": sockstat,
		"nextboot": nextboot, "chflags": chflags, "devfs": quiet, "ssh": passed, "sshfs": sshfsFake, "docker": dockerFake}
}

func release(l *lab) string { return l.conf("release", "14.2-RELEASE") }

func uname(l *lab) int {
	opts, rest, bad := getopt(l.args, "abiKmnoprsUv")
	if bad != "" || len(rest) > 0 {
		l.errorf("uname: %s\nusage: uname [-abiKmnoprsUv]\n", bad)
		return 1
	}
	if len(opts) == 0 {
		opts = []option{{flag: 's'}}
	}
	host, _ := os.Hostname()
	words := map[byte]string{'s': "FreeBSD", 'n': host, 'r': release(l), 'v': "fbdock lab stand-in", 'm': "amd64", 'p': "amd64", 'i': "LAB",
		'K': l.conf("osreldate", "1402000"), 'U': l.conf("osreldate", "1402000"), 'o': "FreeBSD", 'b': "lab"}
	var out []string
	for _, flag := range []byte("snrvmpiUKob") {
		if has(opts, flag) || has(opts, 'a') && strings.IndexByte("snrvm", flag) >= 0 {
			out = append(out, words[flag])
		}
	}
	l.printf("%s\n", strings.Join(out, " "))
	return 0
}

func freebsdVersion(l *lab) int {
	opts, rest, bad := getopt(l.args, "kruj:")
	if bad != "" || len(rest) > 0 {
		l.errorf("usage: freebsd-version [-kru] [-j jail]\n")
		return 1
	}
	for range max(len(opts), 1) {
		l.printf("%s\n", release(l))
	}
	return 0
}

func dmesg(l *lab) int {
	if _, _, bad := getopt(l.args, "acM:N:"); bad != "" {
		l.errorf("usage: dmesg [-ac] [-M core [-N system]]\n")
		return 1
	}
	l.printf("%s", l.read(volatile+"dmesg"))
	return 0
}

// shutdown knows -r, -p, -h and -k with "now" or "+0".
func shutdown(l *lab) int {
	opts, rest, bad := getopt(l.args, "chknopr")
	if bad != "" || len(rest) == 0 || len(opts) == 0 {
		l.errorf("usage: shutdown [-] [-c | -h | -p | -r | -k] [-o [-n]] time [warning-message ...]\n       poweroff\n")
		return 1
	}
	if rest[0] != "now" && rest[0] != "+0" {
		return l.fail("lab: the only time that is played is now")
	}
	l.printf("Shutdown NOW!\nshutdown: [pid %d]\n", os.Getpid())
	switch {
	case has(opts, 'r'):
		return tellInit(l, syscall.SIGINT, "reboot")
	case has(opts, 'p'), has(opts, 'h'):
		return tellInit(l, syscall.SIGUSR2, "poweroff")
	}
	return 0
}

func reboot(l *lab) int   { return tellInit(l, syscall.SIGINT, "reboot") }
func poweroff(l *lab) int { return tellInit(l, syscall.SIGUSR2, "poweroff") }

func tellInit(l *lab, signal syscall.Signal, what string) int {
	if l.fake {
		l.must(l.write(volatile+"wanted", what))
		return 0
	}
	if err := syscall.Kill(1, signal); err != nil {
		return l.fail("%v", err)
	}
	return 0
}

// lockf runs a command under a lock: 75 when it cannot have it in time.
func lockf(l *lab) int {
	opts, rest, bad := getopt(l.args, "knpst:wT")
	if bad != "" || len(rest) < 2 {
		l.errorf("lockf: %s\nusage: lockf [-knpsw] [-t seconds] file command [arguments]\n       lockf [-sT] [-t seconds] fd\n", bad)
		return 64
	}
	flags := os.O_RDWR
	if !has(opts, 'n') {
		flags |= os.O_CREATE
	}
	file, err := os.OpenFile(l.path(rest[0]), flags, 0o666)
	if err != nil {
		l.errorf("lockf: cannot open %s: No such file or directory\n", rest[0])
		return 69
	}
	defer file.Close()
	wait := -1.0
	if has(opts, 't') {
		wait, _ = strconv.ParseFloat(value(opts, 't'), 64)
	}
	for began := time.Now(); syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil; time.Sleep(50 * time.Millisecond) {
		if wait >= 0 && time.Since(began).Seconds() >= wait {
			if !has(opts, 's') {
				l.errorf("lockf: %s: already locked\n", rest[0])
			}
			return 75
		}
	}
	cmd := exec.Command(rest[1], rest[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.in, l.out, l.errs
	status := exitStatus(cmd.Run(), l)
	if !has(opts, 'k') {
		l.remove(l.path(rest[0]))
	}
	return status
}

func logger(l *lab) int {
	opts, rest, bad := getopt(l.args, "46Af:H:h:iP:p:S:st:")
	if bad != "" {
		l.errorf("usage: logger [-46Ais] [-f file] [-h host] [-P port] [-p pri] [-t tag] [message ...]\n")
		return 1
	}
	file, err := os.OpenFile(l.path("/var/log/messages"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return l.fail("%v", err)
	}
	defer file.Close()
	_, _ = fmt.Fprintf(file, "%s lab %s: %s\n", time.Now().Format("Jan _2 15:04:05"), value(opts, 't'), strings.Join(rest, " "))
	return 0
}

func hostname(l *lab) int {
	_, rest, bad := getopt(l.args, "fsd")
	if bad != "" || len(rest) > 1 {
		l.errorf("usage: hostname [-f] [-s | -d] [name-of-host]\n")
		return 1
	}
	if len(rest) == 1 && l.fake {
		return 0
	}
	if len(rest) == 1 {
		if err := syscall.Sethostname([]byte(rest[0])); err != nil {
			return l.fail("sethostname: %v", err)
		}
		return 0
	}
	name, _ := os.Hostname()
	if has(mustOpts(l.args), 's') {
		name, _, _ = strings.Cut(name, ".")
	}
	l.printf("%s\n", name)
	return 0
}

func mustOpts(args []string) []option { opts, _, _ := getopt(args, "fsd"); return opts }

func getent(l *lab) int {
	if !l.fake || len(l.args) != 2 || l.args[0] != "passwd" {
		return l.pass(l.args...)
	}
	for line := range strings.Lines(l.read("/etc/passwd")) {
		if strings.HasPrefix(line, l.args[1]+":") {
			l.printf("%s", line)
			return 0
		}
	}
	return 2
}

// netcat: the options that FreeBSD's and OpenBSD's nc share.
func netcat(l *lab) int {
	if _, _, bad := getopt(l.args, "46DdEe:FhI:i:klM:NnO:oP:p:rSs:tT:UuV:vw:X:x:z"); bad != "" {
		l.errorf("nc: %s\nusage: nc [-46DdEFhklMNnrStUuvz] [-e policy] [destination] [port]\n", bad)
		return 1
	}
	if l.fake {
		return 0
	}
	return l.pass(l.args...)
}

func quiet(*lab) int { return 0 }

func passed(l *lab) int {
	if l.fake {
		return l.fail("lab: there is no network below LAB_ROOT")
	}
	return l.pass(l.args...)
}

func missing(l *lab) int {
	l.errorf("%s: not found\n", l.name)
	return 127
}

// sshfsFake and dockerFake stand behind the packages of a fake lab.
func sshfsFake(l *lab) int { return 0 }

func dockerFake(l *lab) int {
	l.printf("Docker version 29.4.2, build lab\n")
	return 0
}

func nextboot(l *lab) int {
	l.errorf("Illegal option %s\nUsage: nextboot [-af] [-e variable=value] [-k kernel] [-o options]\n       nextboot -D\n", filepath.Join(l.args...))
	return 1
}

func sockstat(l *lab) int {
	l.printf("USER     COMMAND    PID   FD  PROTO  LOCAL ADDRESS         FOREIGN ADDRESS      \n")
	return 0
}
