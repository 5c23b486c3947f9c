//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// lab is one call of one stand-in.
type lab struct {
	name string
	args []string
	in   io.Reader
	out  io.Writer
	errs io.Writer
	root string // LAB_ROOT: prefix of every path, empty in the container
	// noExec: something is to be done after this call has taken effect, so it must come back.
	noExec bool
	fake   bool // nothing outside of the files below root is touched
}

func newLab(name string, args []string, in io.Reader, out, errs io.Writer) *lab {
	root := strings.TrimSuffix(os.Getenv("LAB_ROOT"), "/")
	return &lab{name: name, args: args, in: in, out: out, errs: errs, root: root, fake: root != "" || os.Getenv("LAB_FAKE") != ""}
}

// path maps a path of the machine that is played to one of this machine.
func (l *lab) path(name string) string {
	if l.root == "" || name == l.root || strings.HasPrefix(name, l.root+"/") {
		return name
	}
	if !strings.HasPrefix(name, "/") {
		return name
	}
	return l.root + name
}

func (l *lab) printf(format string, args ...any) { _, _ = fmt.Fprintf(l.out, format, args...) }
func (l *lab) errorf(format string, args ...any) { _, _ = fmt.Fprintf(l.errs, format, args...) }

// fail prints "name: text" and returns status 1.
func (l *lab) fail(format string, args ...any) int {
	l.errorf("%s: %s\n", l.name, fmt.Sprintf(format, args...))
	return 1
}

func (l *lab) exists(name string) bool {
	_, err := os.Lstat(l.path(name))
	return err == nil
}

func (l *lab) read(name string) string {
	text, err := os.ReadFile(l.path(name))
	if err != nil {
		return ""
	}
	return string(text)
}

func (l *lab) write(name, text string) error {
	name = l.path(name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	tmp := name + ".lab-new"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		return err
	}
	if old, err := os.Stat(name); err == nil {
		l.must(os.Chmod(tmp, old.Mode().Perm()))
	}
	return os.Rename(tmp, name)
}

// must ends the stand-in where the machine that it plays could not be changed: a command that says it did would be believed.
// A user who is not root may look, and keeps nothing.
func (l *lab) must(err error) {
	if err == nil || !l.fake && os.Geteuid() != 0 {
		return
	}
	l.errorf("%s: lab: %v\n", l.name, err)
	os.Exit(70)
}

// remove takes a file of this machine away, if it is there.
func (l *lab) remove(file string) {
	if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
		l.must(err)
	}
}

// report says what went wrong, and goes on: process 1 and the boot must come to their end.
func (l *lab) report(err error) {
	if err != nil {
		l.errorf("%s: lab: %v\n", l.name, err)
	}
}

// Where state lives: volatile state is gone after a reboot, lasting state is what a disk would keep.
const (
	volatile = "/run/lab/"
	lasting  = "/var/lab/"
)

func (l *lab) load(name string, into any) {
	text, err := os.ReadFile(l.path(name + ".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		l.errorf("%s: lab state %s: %v\n", l.name, name, err)
		os.Exit(70)
	}
}

func (l *lab) save(name string, value any) {
	if !l.fake && os.Geteuid() != 0 {
		return // a user may look, and keeps nothing
	}
	text, err := json.MarshalIndent(value, "", " ")
	if err == nil {
		err = l.write(name+".json", string(text)+"\n")
	}
	if err != nil {
		l.errorf("%s: lab state %s: %v\n", l.name, name, err)
		os.Exit(70)
	}
}

// lock keeps other stand-ins from the state until the returned function is called. The file lies with the volatile state.
func (l *lab) lock() func() {
	name := l.path(volatile + "lock")
	l.must(os.MkdirAll(filepath.Dir(name), 0o755))
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return func() {}
	}
	for {
		if err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	return func() { file.Close() }
}

// debian runs a program of Debian; in a fake lab it does nothing.
func (l *lab) debian(name string, args ...string) error {
	if l.fake {
		return nil
	}
	out, err := exec.Command(debianPath(name), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

// debianPath finds a program of Debian behind the stand-ins.
func debianPath(name string) string {
	for _, dir := range []string{"/usr/lab/debian/", "/usr/bin/lab-", "/usr/sbin/", "/usr/bin/", "/bin/", "/sbin/"} {
		path := dir + name
		if target, err := os.Readlink(path); err == nil && filepath.Base(target) == "standin" {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return "/usr/bin/" + name
}

// pass runs Debian's program of the same name with this call's arguments and streams, in this process where it can:
// a signal must reach the program.
func (l *lab) pass(args ...string) int {
	path := debianPath(l.name)
	if l.in == os.Stdin && l.out == os.Stdout && l.errs == os.Stderr && !l.noExec {
		if err := syscall.Exec(path, append([]string{l.name}, args...), os.Environ()); err != nil {
			l.errorf("%s: %v\n", l.name, err)
			return 127
		}
	}
	return l.child(path, args, nil)
}

func (l *lab) child(path string, args, env []string) int {
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = l.in, l.out, l.errs
	if len(env) > 0 {
		cmd.Env = append(os.Environ(), env...)
	}
	return exitStatus(cmd.Run(), l)
}

func exitStatus(err error, l *lab) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return 128 + int(status.Signal())
		}
		return exit.ExitCode()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		l.errorf("%s: %v\n", l.name, err)
		return 127
	}
	l.errorf("%s: %v\n", l.name, err)
	return 126
}

// conf reads one setting of /etc/lab.conf, the switches of the machine that is played.
func (l *lab) conf(key, fallback string) string {
	for line := range strings.Lines(l.read("/etc/lab.conf")) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && name == key {
			return value
		}
	}
	return fallback
}

// kernelSays adds a line to what dmesg shows.
func (l *lab) kernelSays(format string, args ...any) {
	name := l.path(volatile + "dmesg")
	l.must(os.MkdirAll(filepath.Dir(name), 0o755))
	file, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer file.Close()
	_, _ = fmt.Fprintf(file, format+"\n", args...)
}
