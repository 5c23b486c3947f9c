package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// atTerminal runs a line of sh at a terminal of its own, as a shell with job
// control does, and writes to standard output what the terminal shows:
//
//	atty [AFTER SEND]... LINE
//
// SEND is typed once the terminal shows AFTER; \c stands for Ctrl-C, \z for
// Ctrl-Z, \d for Ctrl-D and \n for Return. What is typed is not echoed, and a
// signal discards no output (NOFLSH of termios(3)): both would come between the
// bytes that the program writes at the same time.
func atTerminal() {
	args := os.Args[1:]
	master, terminal := openPTY()
	modes, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
	check(err)
	modes.Lflag = modes.Lflag&^unix.ECHO | unix.NOFLSH
	check(unix.IoctlSetTermios(int(terminal.Fd()), unix.TCSETS, modes))
	cmd := exec.Command("sh", "-mc", args[len(args)-1])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	check(cmd.Start())
	_ = terminal.Close()
	keys := strings.NewReplacer(`\c`, "\x03", `\z`, "\x1a", `\d`, "\x04", `\n`, "\r")
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		var screen bytes.Buffer
		buf := make([]byte, 4096)
		for todo := args[:len(args)-1]; ; {
			n, err := master.Read(buf)
			_, _ = os.Stdout.Write(bytes.ReplaceAll(buf[:n], []byte("\r\n"), []byte("\n")))
			screen.Write(buf[:n])
			for len(todo) > 0 && strings.Contains(screen.String(), todo[0]) {
				_, _ = master.WriteString(keys.Replace(todo[1]))
				screen.Reset()
				todo = todo[2:]
			}
			if err != nil {
				return // EIO: nobody has the terminal open any more
			}
		}
	}()
	timer := time.AfterFunc(60*time.Second, func() {
		fmt.Fprintln(os.Stderr, "atty: no end within 60 s")
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	_ = cmd.Wait()
	timer.Stop()
	<-shown
	os.Exit(cmd.ProcessState.ExitCode())
}

func openPTY() (master, terminal *os.File) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	check(err)
	check(unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	check(err)
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	check(err)
	return master, terminal
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "atty:", err)
		os.Exit(1)
	}
}

// hasTerminals tells whether the guests' sshd can give a terminal.
const hasTerminals = true

// startAtTerminal starts a command of a guest at a terminal of its own, which
// is joined with ch; end is called after it.
func startAtTerminal(cmd *exec.Cmd, ch io.ReadWriter, end func()) (*os.Process, bool) {
	master, terminal := openPTY()
	defer terminal.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if cmd.Start() != nil {
		_ = master.Close()
		return nil, false
	}
	go func() { _, _ = io.Copy(master, ch) }()
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		_, _ = io.Copy(ch, master)
	}()
	go func() {
		_ = cmd.Wait() // its status says all
		<-shown
		_ = master.Close()
		end()
	}()
	return cmd.Process, true
}

// signalGroup sends a signal to the process group that startAtTerminal's
// process leads.
func signalGroup(leader *os.Process, sig os.Signal) error {
	return syscall.Kill(-leader.Pid, sig.(syscall.Signal)) //nolint:forcetypeassert // all of Unix are
}
