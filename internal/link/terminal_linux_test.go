package link_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/waittest"
)

// openTerminal gives both sides of a pseudo terminal.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close() })
	return master, terminal
}

func setSize(t *testing.T, f *os.File, columns, rows uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(f.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		t.Fatal(err)
	}
}

func settings(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	got, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *got
}

func TestRawAndBack(t *testing.T) {
	t.Parallel()
	master, terminal := openTerminal(t)
	setSize(t, master, 90, 33)
	before := settings(t, terminal)
	local, err := link.Raw(terminal, terminal, "")
	if err != nil {
		t.Fatal(err)
	}
	if raw := settings(t, terminal); raw.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != 0 {
		t.Errorf("Raw(): local flags = %#x, want no ICANON, ECHO and ISIG", raw.Lflag)
	}
	pty := local.PTY()
	if pty.Size != (link.Size{Columns: 90, Rows: 33}) || pty.Term != "xterm" {
		t.Errorf("PTY() = %+v, want xterm, 90 columns, 33 rows", pty)
	}
	// Two changes that nobody has read yet: only the newest counts.
	for _, columns := range []uint16{100, 101} {
		setSize(t, master, columns, 40)
		if err := syscall.Kill(os.Getpid(), syscall.SIGWINCH); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	select {
	case size := <-pty.Resize:
		if size != (link.Size{Columns: 101, Rows: 40}) {
			t.Errorf("Resize: %+v, want the last size, 101 columns, 40 rows", size)
		}
	case <-time.After(waittest.Limit):
		t.Errorf("Resize: no size in %v, want one", waittest.Limit)
	}
	for range 2 {
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	}
	if after := settings(t, terminal); after != before {
		t.Errorf("settings after Close() = %+v, want %+v", after, before)
	}
}

// TestUnchanged: without standard input the terminal keeps its mode, and its
// size is known all the same.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	master, terminal := openTerminal(t)
	setSize(t, master, 90, 33)
	before := settings(t, terminal)
	local, err := link.Unchanged(terminal, terminal, "vt100")
	if err != nil {
		t.Fatal(err)
	}
	if now := settings(t, terminal); now != before {
		t.Errorf("settings after Unchanged() = %+v, want %+v", now, before)
	}
	if got, want := local.PTY().Size, (link.Size{Columns: 90, Rows: 33}); got != want {
		t.Errorf("PTY().Size = %v, want %v", got, want)
	}
	if err := local.Close(); err != nil {
		t.Error(err)
	}
}

func TestRawNeedsTerminals(t *testing.T) {
	t.Parallel()
	_, terminal := openTerminal(t)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = null.Close() })
	for _, pair := range [][2]*os.File{{null, terminal}, {null, null}} {
		if _, err := link.Raw(pair[0], pair[1], "vt100"); !errors.Is(err, link.ErrNoTerminal) {
			t.Errorf("Raw(%s, %s): error = %v, want ErrNoTerminal", pair[0].Name(), pair[1].Name(), err)
		}
	}
}

// TestRawOutputElsewhere: only the input has to be a terminal, which has the
// size then.
func TestRawOutputElsewhere(t *testing.T) {
	t.Parallel()
	master, terminal := openTerminal(t)
	setSize(t, master, 90, 33)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = null.Close() })
	local, err := link.Raw(terminal, null, "vt100")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := local.PTY().Size, (link.Size{Columns: 90, Rows: 33}); got != want {
		t.Errorf("PTY().Size = %v, want %v", got, want)
	}
	if err := local.Close(); err != nil {
		t.Error(err)
	}
}

// TestTerminalToTerminal is `fbdock exec sh` as a person uses it.
func TestTerminalToTerminal(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("an sshd that is not root cannot give a pty")
	}
	c := startSSHD(t).dial(t)
	master, terminal := openTerminal(t)
	setSize(t, master, 77, 11)
	local, err := link.Raw(terminal, terminal, "vt100")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = local.Close() }()
	status := make(chan int, 1)
	go func() {
		n, err := c.Run(t.Context(), link.Command{
			Args: []string{"sh"}, Env: []string{"PS1=prompt> "}, Stdin: terminal, Stdout: terminal, PTY: local.PTY(),
		})
		if err != nil {
			t.Error(err)
		}
		status <- n
	}()
	seen := &bytes.Buffer{}
	expect := func(text string) {
		t.Helper()
		buf := make([]byte, 1024)
		for !bytes.Contains(seen.Bytes(), []byte(text)) {
			n, err := master.Read(buf)
			if err != nil {
				t.Fatalf("Read() of the terminal: error = %v, want %q; seen %q", err, text, seen)
			}
			seen.Write(buf[:n])
		}
		seen.Reset()
	}
	expect("prompt> ")
	_, _ = io.WriteString(master, "stty size; echo $TERM\r")
	expect("11 77\r\nvt100\r\n")
	_, _ = io.WriteString(master, "sleep 60\r")
	expect("sleep 60")
	time.Sleep(300 * time.Millisecond)
	_, _ = io.WriteString(master, "\x03")
	expect("prompt> ")
	_, _ = io.WriteString(master, "exit 4\r")
	if n := <-status; n != 4 {
		t.Errorf("Run() of the shell = %d, want 4", n)
	}
}
