package ui_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fbdock/fbdock/internal/ui"
	"github.com/fbdock/fbdock/internal/waittest"
)

// keyboard is the user's side of a pseudo terminal.
type keyboard struct {
	master, terminal *os.File
	mu               sync.Mutex
	seen             bytes.Buffer
}

func openTerminal(t *testing.T) *keyboard {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 60}); err != nil {
		t.Fatal(err)
	}
	k := &keyboard{master: master, terminal: terminal}
	go func() { _, _ = io.Copy(k, master) }()
	t.Cleanup(func() {
		_ = terminal.Close()
		_ = master.Close()
	})
	return k
}

func (k *keyboard) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seen.Write(p)
}

// await waits until the user has seen text, and gives all that was seen.
func (k *keyboard) await(t *testing.T, text string) string {
	t.Helper()
	var seen string
	if !waittest.Poll(func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		seen = k.seen.String()
		return strings.Contains(seen, text)
	}) {
		t.Fatalf("terminal shows %q, want it to show %q", seen, text)
	}
	return seen
}

func TestTheRunningLineIsRedrawn(t *testing.T) {
	t.Parallel()
	k := openTerminal(t)
	var out bytes.Buffer
	u := ui.New(ui.Options{Stdout: &out, Stderr: k.terminal})
	if u.Width() != 60 || !u.Color() {
		t.Errorf("Width(), Color() = %d, %v, want 60, true", u.Width(), u.Color())
	}
	u.Begin("vagrant up")
	u.Detail("importing a box with " + strings.Repeat("a very long name ", 5))
	k.await(t, "importing a box wi...")
	k.await(t, " /   vagrant up") // it is drawn again while nothing happens
	u.Bytes(50<<20, 100<<20)
	k.await(t, "50.0 of 100.0 M")
	u.Say("a line in between")
	_ = u.Print("answer\n")
	u.End(ui.OK, "done")
	u.Warn("over")
	seen := k.await(t, "over")
	for line := range strings.SplitSeq(seen, "\r\x1b[K") {
		if !strings.Contains(line, "\n") && len(line) > 59 {
			t.Errorf("running line has %d columns, want at most 59: %q", len(line), line)
		}
	}
	tail := seen[strings.LastIndex(seen, "\r\x1b[K")+len("\r\x1b[K"):]
	if !strings.HasPrefix(tail, "\x1b[32mok  \x1b[0m vagrant up") || !strings.HasSuffix(tail, "\x1b[33mwarning:\x1b[0m over\r\n") {
		t.Errorf("the last line = %q, want ok vagrant up and the warning behind it", tail)
	}
	if !strings.Contains(seen, "\r\x1b[Ka line in between\r\n") || out.String() != "answer\n" {
		t.Errorf("terminal shows %q, stdout %q, want the line in between on its own, and only the answer in stdout", seen, out.String())
	}
	time.Sleep(300 * time.Millisecond)
	if after := k.await(t, "over"); after != seen {
		t.Errorf("text drawn after the end = %q, want none", after[len(seen):])
	}
}

// TestTransfersHaveALineEach: what runs is drawn on lines below each other, all
// of which go when something else is said.
func TestTransfersHaveALineEach(t *testing.T) {
	t.Parallel()
	k := openTerminal(t)
	u := ui.New(ui.Options{Stderr: k.terminal, NoColor: true})
	one, endOne := u.Transfer("one")
	_, endTwo := u.Transfer("two")
	one(1<<20, 2<<20)
	k.await(t, "1.0 of 2.0 MiB, 50%\r\n") // the line of two is below
	u.Say("between")
	k.await(t, "\r\x1b[K\x1b[A\r\x1b[Kbetween\r\n")
	endOne(ui.OK, "")
	endTwo(ui.Fail, "")
	u.Say("end")
	k.await(t, "\r\x1b[Kfail two")
	if seen := k.await(t, "end\r\n"); !strings.Contains(seen, "\r\x1b[K\x1b[A\r\x1b[Kok   one") {
		t.Errorf("terminal shows %q, want both lines taken away before the one that ended", seen)
	}
}

func TestDumbTerminalIsNotDrawnOver(t *testing.T) {
	t.Parallel()
	k := openTerminal(t)
	u := ui.New(ui.Options{Stderr: k.terminal, Dumb: true})
	u.Begin("phase")
	u.End(ui.OK, "")
	if seen := k.await(t, "ok   phase"); strings.Contains(seen, "\x1b") {
		t.Errorf("a dumb terminal shows %q, want no escape sequences", seen)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{
		"y\n": true, "YES\n": true, "\n": false, "n\n": false, "yess\n": false, "\x04": false,
	} {
		k := openTerminal(t)
		u := ui.New(ui.Options{Stdin: k.terminal, Stderr: k.terminal})
		u.Begin("phase")
		if _, err := k.master.WriteString(answer); err != nil {
			t.Fatal(err)
		}
		ok, err := u.Confirm("Remove it?", "--yes")
		if ok != want || err != nil {
			t.Errorf("Confirm() with the answer %q = %v, %v, want %v", answer, ok, err, want)
		}
		k.await(t, "Remove it? [y/N] ")
		u.End(ui.OK, "")
	}
}

// TestCopyOnATerminal: the log of a guest sets no title, and its colours are
// left out.
func TestCopyOnATerminal(t *testing.T) {
	t.Parallel()
	k := openTerminal(t)
	u := ui.New(ui.Options{Stdout: k.terminal})
	w := u.Copy()
	for _, text := range []string{"\x1b[1;32m ok \x1b", "[0m started\r\n\x1b]0;title\x07", "login: "} {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := k.await(t, "login: "), " ok  started\r\n\\x1b]0;title\\alogin: \r\n"; got != want {
		t.Errorf("the terminal got %q, want %q", got, want)
	}
}
