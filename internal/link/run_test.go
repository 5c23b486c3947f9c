package link_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/waittest"
)

type outcome struct {
	status   int
	err      error
	out, eut string
}

func run(t *testing.T, c *link.Client, cmd link.Command) outcome {
	t.Helper()
	var out, eut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &eut
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, err := c.Run(ctx, cmd)
	return outcome{status, err, out.String(), eut.String()}
}

func TestRunStatusAndStreams(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	for _, status := range []int{0, 1, 2, 42, 125, 126, 127, 128, 137, 255} {
		got := run(t, c, link.Command{Script: fmt.Sprintf("echo out; echo err >&2; exit %d", status)})
		if got != (outcome{status, nil, "out\n", "err\n"}) {
			t.Errorf("Run(exit %d) = %+v, want that status and both streams", status, got)
		}
	}
	if got := run(t, c, link.Command{Args: []string{"/no/such/program"}}); got.status != 127 || got.err != nil {
		t.Errorf("Run(/no/such/program) = %+v, want status 127", got)
	}
	if got := run(t, c, link.Command{Args: []string{"/etc/passwd"}}); got.status != 126 || got.err != nil {
		t.Errorf("Run(/etc/passwd) = %+v, want status 126", got)
	}
	if got := run(t, c, link.Command{Script: "kill -9 $$"}); got.status != 137 || got.err != nil {
		t.Errorf("Run(kill -9 $$) = %+v, want status 137", got)
	}
	if got := run(t, c, link.Command{Script: "kill -USR1 $$"}); got.status < 128 || got.err != nil {
		t.Errorf("Run(kill -USR1 $$) = %+v, want status 128 or higher", got)
	}
	if got := run(t, c, link.Command{Args: []string{"cat"}}); got != (outcome{}) {
		t.Errorf("Run(cat) without standard input = %+v, want status 0 and no output", got)
	}
	if got := run(t, c, link.Command{Raw: "echo $0"}); got.status != 0 || got.out == "" {
		t.Errorf("Run() of a raw command = %+v, want status 0 and output", got)
	}
	if got := run(t, c, link.Command{Shell: true, Stdin: strings.NewReader("exit 3\n")}); got.status != 3 {
		t.Errorf("Run() of a shell = %+v, want status 3", got)
	}
}

func TestRunFolderAndEnvironment(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	dir := t.TempDir() + "/-a 'b'!\n"
	got := run(t, c, link.Command{
		Script: `mkdir -p "$D" && cd "$D" && pwd`, Env: []string{"D=" + dir},
	})
	if got.out != dir+"\n" {
		t.Fatalf("Run() with D in the environment = %+v, want output %q", got, dir+"\n")
	}
	got = run(t, c, link.Command{Args: []string{"sh", "-c", `pwd; printf %s "$X"`}, Dir: dir, Env: []string{"X=a=\n!'"}})
	if got.out != dir+"\na=\n!'" {
		t.Errorf("Run() with a folder and an environment = %+v, want output %q", got, dir+"\na=\n!'")
	}
	got = run(t, c, link.Command{Args: []string{"true"}, Dir: "/no/such"})
	if got.status != link.StatusNotStarted || !strings.Contains(got.eut, "/no/such") {
		t.Errorf("Run() in /no/such = %+v, want status %d and the folder in the errors", got, link.StatusNotStarted)
	}
}

func TestRunRefusesWhatItCannotSend(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	for name, cmd := range map[string]link.Command{
		"nothing":       {},
		"two forms":     {Args: []string{"a"}, Shell: true},
		"NUL in args":   {Args: []string{"a\x00"}},
		"NUL in script": {Script: "a\x00"},
		"NUL in folder": {Script: "a", Dir: "\x00"},
		"NUL in env":    {Script: "a", Env: []string{"A=\x00"}},
		"no name":       {Script: "a", Env: []string{"=x"}},
		"bad name":      {Script: "a", Env: []string{"1A=x"}},
		"no value":      {Script: "a", Env: []string{"A"}},
	} {
		if _, err := c.Run(t.Context(), cmd); err == nil {
			t.Errorf("Run() with %s: no error, want one", name)
		}
	}
}

// TestRunHundredMegabytes also prints how fast they went.
func TestRunHundredMegabytes(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	const size = 100 << 20
	in := make([]byte, size)
	_, _ = rand.Read(in)
	hash := sha256.New()
	start := time.Now()
	status, err := c.Run(t.Context(), link.Command{Args: []string{"cat"}, Stdin: bytes.NewReader(in), Stdout: hash})
	if err != nil || status != 0 {
		t.Fatalf("Run(cat) of 100 MiB = %d, %v, want 0 and no error", status, err)
	}
	t.Logf("there and back: %.0f MB/s", size/1e6/time.Since(start).Seconds())
	want := sha256.Sum256(in)
	if got := hash.Sum(nil); !bytes.Equal(got, want[:]) {
		t.Errorf("Run(cat) of 100 MiB: SHA-256 %x, want %x", got, want)
	}

	var last int64
	start = time.Now()
	out, err := c.Upload(t.Context(), bytes.NewReader(in), link.Command{Args: []string{"sha256sum"}}, func(n int64) { last = n })
	if err != nil || out.Status != 0 || last != size {
		t.Errorf("Upload() = %d, %v, last progress %d bytes, want 0, no error, %d bytes", out.Status, err, last, size)
	}
	t.Logf("upload into sha256sum: %.0f MB/s", size/1e6/time.Since(start).Seconds())
	if !strings.HasPrefix(out.Stdout, hex.EncodeToString(want[:])) {
		t.Errorf("Upload() into sha256sum = %s, want %x", out.Stdout, want)
	}
}

func TestRunEndsWhileStdinIsOpen(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	got := run(t, c, link.Command{Script: "exit 7", Stdin: r})
	if got.status != 7 || got.err != nil {
		t.Errorf("Run(exit 7) with an open standard input = %+v, want status 7", got)
	}
}

func TestRunStreamsWhileItRuns(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	in, feed := io.Pipe()
	read, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		status, err := c.Run(t.Context(), link.Command{Args: []string{"cat"}, Stdin: in, Stdout: out})
		if err == nil && status != 0 {
			err = fmt.Errorf("status %d", status)
		}
		done <- err
	}()
	for _, word := range []string{"one", "two"} {
		_, _ = io.WriteString(feed, word)
		answer := make([]byte, 3)
		if _, err := io.ReadFull(read, answer); err != nil || string(answer) != word {
			t.Fatalf("ReadFull() = %q, %v, want %q", answer, err, word)
		}
	}
	_ = feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRunBrokenLocalStreams(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	broken := errors.New("broken")
	// `yes` never ends by itself: the local end has to stop it.
	_, err := c.Run(t.Context(), link.Command{Args: []string{"yes"}, Stdout: failWriter{broken}})
	if !errors.Is(err, broken) {
		t.Errorf("Run() with a standard output that fails: error = %v, want %v", err, broken)
	}
	in := io.MultiReader(strings.NewReader("half"), failReader{broken})
	_, err = c.Run(t.Context(), link.Command{Args: []string{"cat"}, Stdin: in})
	if !errors.Is(err, broken) {
		t.Errorf("Run() with a standard input that fails: error = %v, want %v", err, broken)
	}
}

type failWriter struct{ err error }

func (f failWriter) Write([]byte) (int, error) { return 0, f.err }

type failReader struct{ err error }

func (f failReader) Read([]byte) (int, error) { return 0, f.err }

func TestRunWithPTY(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("an sshd that is not root cannot give a pty")
	}
	c := startSSHD(t).dial(t)
	resize := make(chan link.Size, 1)
	in, feed := io.Pipe()
	var out bytes.Buffer
	status, err := c.Run(t.Context(), link.Command{
		Script: `stty size; echo "$TERM"; trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.05; done`,
		Stdin:  in,
		Stdout: io.MultiWriter(&out, onReady(func() { resize <- link.Size{Columns: 100, Rows: 30} })),
		PTY:    &link.PTY{Term: "vt220", Size: link.Size{Columns: 81, Rows: 25}, Resize: resize},
	})
	_ = feed.Close()
	if err != nil || status != 5 || out.String() != "25 81\r\nvt220\r\nready\r\n30 100\r\n" {
		t.Errorf("Run() with a PTY = %d, %v, output %q, want 5, no error, both sizes and the terminal", status, err, out.String())
	}
	out.Reset()
	// Ctrl-C as a terminal sends it.
	in, feed = io.Pipe()
	status, err = c.Run(t.Context(), link.Command{
		Script: `echo ready; exec cat`, Stdin: in, PTY: &link.PTY{Term: "vt220"},
		Stdout: io.MultiWriter(&out, onReady(func() { go func() { _, _ = io.WriteString(feed, "\x03") }() })),
	})
	_ = feed.Close()
	if err != nil || status != 130 || !strings.HasPrefix(out.String(), "ready\r\n") {
		t.Errorf("Run(cat) with Ctrl-C = %d, %v, output %q, want 130, no error, %q first", status, err, out.String(), "ready\r\n")
	}
	// Without standard input a signal is Ctrl-C, which root's sshd refuses as a
	// request.
	out.Reset()
	signals := make(chan link.Signal, 1)
	status, err = c.Run(t.Context(), link.Command{
		Script: `trap 'exit 7' INT; echo ready; while :; do sleep 0.05; done`, Signals: signals, PTY: &link.PTY{Term: "vt220"},
		Stdout: io.MultiWriter(&out, onReady(func() { signals <- link.SIGINT })),
	})
	if err != nil || status != 7 {
		t.Errorf("SIGINT without standard input: status %d, %v, %q, want status 7", status, err, out.String())
	}
}

// TestRunHangsUp: a command that ignores the interrupt is told that its
// session ends before it does, root's as well.
func TestRunHangsUp(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	told := filepath.Join(t.TempDir(), "told")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := c.Run(ctx, link.Command{
		Script: `trap '' INT; trap 'echo >` + told + `; exit' HUP; echo ready; n=0; while [ $n -lt 2000 ]; do sleep 0.05; n=$((n+1)); done`,
		Stdout: onReady(cancel),
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run() with a cancelled context: error = %v, want context.Canceled", err)
	}
	if !waittest.Poll(func() bool {
		_, err := os.Stat(told)
		return err == nil
	}) {
		t.Fatalf("Run() with a cancelled context: the command got no SIGHUP in %v, want one: %s", waittest.Limit, told)
	}
}
