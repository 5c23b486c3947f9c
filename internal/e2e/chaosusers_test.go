//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// fbdock is one run, with what it was told and said, and how long it took while
// the host was awake.
func (c *chaos) fbdock(t *testing.T, stdin string, args ...string) (result, time.Duration) {
	cmd := exec.Command(c.binary, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = c.dir, c.env, strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	c.awake.RLock()
	began, slept := time.Now(), c.slept.Load()
	err := cmd.Start()
	c.awake.RUnlock()
	if err != nil {
		t.Error(err)
		return result{status: -1}, 0
	}
	err = cmd.Wait()
	return result{exitStatus(err), stdout.String(), stderr.String()}, time.Since(began) - time.Duration(c.slept.Load()-slept)
}

// inTime: a command does not hang. One that waits for an engine that boots says so,
// and waits for timeouts { command }, which is two minutes.
func inTime(t *testing.T, what string, out result, took time.Duration) {
	limit := chaosHang
	if strings.Contains(out.stderr, " boots, waiting for it") {
		limit += 2 * time.Minute
	}
	if took > limit {
		t.Errorf("%s took %s, want at most %s: status %d\n%s", what, took.Round(time.Second), limit, out.status, out.stderr)
	}
}

// echo has bytes sent to a guest and back, with a status of its own. It lasts
// some seconds, and longer in the engine: twenty are open at any time, and the
// engine's emulated CPU has time to boot it all the same. dockerd gives its
// containerd 15 seconds to start.
func (c *chaos) echo(t *testing.T, i, n int) {
	text, want := rand.Text()+strings.Repeat(strconv.Itoa(i)+" ", n%5000), (20*n+i)%120
	lasts := 1 + (n+i)%4
	if guestOf(i) == "engine" {
		lasts = 15 + (n+i)%15
	}
	out, took := c.fbdock(t, text, "exec", "-i", "--on", guestOf(i), "--", "sh", "-c", "cat; sleep "+strconv.Itoa(lasts)+"; exit "+strconv.Itoa(want))
	c.ran.Add(1)
	inTime(t, "fbdock exec --on "+guestOf(i), out, took-time.Duration(lasts)*time.Second)
	switch {
	case out.status == 125:
		c.lost.Add(1)
		if !strings.Contains(out.stderr, "fbdock: error: ") {
			t.Errorf("fbdock exec with status 125: stderr, want it to contain \"fbdock: error: \":\n%s", out.stderr)
		}
		if !strings.HasPrefix(text, out.stdout) {
			t.Errorf("fbdock exec --on %s of cat = %q, want a prefix of the input %q", guestOf(i), out.stdout, text)
		}
		time.Sleep(time.Second)
	case out.status != want || out.stdout != text:
		t.Errorf("on %s: status %d, want %d; %d bytes of %d\n%s", guestOf(i), out.status, want, len(out.stdout), len(text), out.stderr)
	}
}

// write has a guest write a file. When the guest says that this is done, the
// file is in the host's folder.
func (c *chaos) write(t *testing.T, i, n int) {
	guest, folder, name := guestOf(i+n), c.folders[i], fmt.Sprintf("file-%d", n)
	text := strings.Repeat(fmt.Sprintf("line of %s\n", name), 1+n%1000)
	here := "[ -e '" + folder + "/here' ] || exit 9\n"
	out, took := c.fbdock(t, text, "exec", "-i", "--on", guest, "--", "sh", "-c", here+"cat >'"+folder+"/"+name+"' || exit 9\n"+here)
	inTime(t, "write by fbdock exec --on "+guest, out, took)
	switch out.status {
	case 0:
		c.written.Add(1)
		time.Sleep(time.Second)
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != text {
			t.Errorf("%s on the host after a successful write: %d bytes, %v, want the %d bytes written", name, len(got), err, len(text))
		}
	case 9, 125:
		c.refused.Add(1)
		time.Sleep(time.Second)
	default:
		t.Errorf("write by fbdock exec --on %s = status %d, want 0, 9 or 125\n%s", guest, out.status, out.stderr)
	}
}
