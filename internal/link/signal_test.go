package link_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/link"
)

func TestRunSignals(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	for sig, want := range map[link.Signal]int{
		link.SIGINT: 130, link.SIGTERM: 143, link.SIGHUP: 129, link.SIGQUIT: 131, link.SIGKILL: 137,
	} {
		signals := make(chan link.Signal, 1)
		ready := make(chan struct{})
		go func() {
			<-ready
			signals <- sig
			close(signals)
		}()
		// exec'd, so the program itself is what the signal ends.
		status, err := c.Run(t.Context(), link.Command{
			Script: "ulimit -c 0; echo ready; exec sleep 60", Stdout: onReady(func() { close(ready) }), Signals: signals,
		})
		if err != nil || status != want {
			t.Errorf("Run() with %s = %d, %v, want %d and no error", sig, status, err, want)
		}
	}
	// One that the command catches.
	signals := make(chan link.Signal, 1)
	var out bytes.Buffer
	status, err := c.Run(t.Context(), link.Command{
		Script:  `trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done`,
		Stdout:  io.MultiWriter(&out, onReady(func() { signals <- link.SIGINT })),
		Signals: signals,
	})
	if err != nil || status != 9 || out.String() != "ready\ncaught\n" {
		t.Errorf("Run() with a caught SIGINT = %d, %v, output %q, want 9, no error, %q", status, err, out.String(), "ready\ncaught\n")
	}
}

// onReady calls f once "ready" has been written.
func onReady(f func()) io.Writer { return &readyWriter{f: f} }

type readyWriter struct {
	f    func()
	text []byte
}

func (o *readyWriter) Write(p []byte) (int, error) {
	o.text = append(o.text, p...)
	if o.f != nil && bytes.Contains(o.text, []byte("ready")) {
		o.f()
		o.f = nil
	}
	return len(p), nil
}

func TestRunCancelled(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	for name, script := range map[string]string{
		"ends at the interrupt": "echo ready; exec sleep 60",
		"ignores it":            "trap '' INT; echo ready; sleep 60",
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("enough")
		start := time.Now()
		_, err := c.Run(ctx, link.Command{Script: script, Stdout: onReady(func() { cancel(why) })})
		if !errors.Is(err, why) {
			t.Errorf("Run() cancelled, %s: error = %v, want %v", name, err, why)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("Run() cancelled, %s: took %v, want 30s or less", name, took)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Run(ctx, link.Command{Script: "true"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Run() with a context cancelled before: error = %v, want context.Canceled", err)
	}
	if got := run(t, c, link.Command{Script: "exit 4"}); got.status != 4 {
		t.Errorf("Run(exit 4) afterwards = %+v, want status 4", got)
	}
}

// TestNoiseBeforeTheCommand: what a login shell's own files print on standard
// error arrives, and the line with the process id does not, however the
// pieces come.
func TestNoiseBeforeTheCommand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pieces []string // MARK stands for the mark
		want   string
	}{
		"at once":       {[]string{"motd\nMARK 12\nrest\n"}, "motd\nrest\n"},
		"byte by byte":  {[]string{"mo", "td", "MARK", " 1", "2", "\n", "rest", "\n"}, "motdrest\n"},
		"no mark":       {[]string{"not a sh"}, "not a sh"},
		"half a mark":   {[]string{"x\nMARK 12"}, "x\nMARK 12"},
		"no number":     {[]string{"MARK none\nrest"}, "rest"},
		"too much":      {[]string{strings.Repeat("x", 100_000), "end"}, strings.Repeat("x", 100_000) + "end"},
		"after the end": {[]string{"MARK 1\n", "a", "MARK 1\n"}, "aMARK 1\n"},
	} {
		var mark string
		c := startServer(t, func(_ *ssh.ServerConn, ch ssh.NewChannel) {
			channel, reqs, err := ch.Accept()
			if err != nil {
				return
			}
			req := <-reqs
			mark = regexp.MustCompile("fbdock-pid-[A-Z0-9]+").FindString(string(req.Payload))
			_ = req.Reply(true, nil)
			for _, piece := range test.pieces {
				_, _ = io.WriteString(channel.Stderr(), strings.ReplaceAll(piece, "MARK", mark))
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(&struct{ Status uint32 }{0}))
			_ = channel.Close()
		}).dial(t)
		got := run(t, c, link.Command{Args: []string{"x"}})
		eut := strings.ReplaceAll(got.eut, mark, "MARK")
		if got.err != nil || eut != test.want {
			t.Errorf("Run() with %s: error = %v, errors %.100q, want %.100q", name, got.err, eut, test.want)
		}
	}
}
