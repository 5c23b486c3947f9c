//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestRoad is one machine's life. Its parts run in order: each stands on
// what the one before has left.
func TestRoad(t *testing.T) {
	p := newProject(t, "")
	p.destroyAtEnd(t)
	parts := []struct {
		name string
		test func(*testing.T, *project)
	}{
		{"up", up},
		{"the engine's first boot is told on its serial console", firstBootIsTold},
		{"up again changes nothing", upAgain},
		{"docker run: both streams", bothStreams},
		{"docker run: exit statuses", exitStatuses},
		{"docker run -i: 100 MB through cat", hundredMegabytes},
		{"exec: any byte in an argument", anyByte},
		{"exec: both guests", bothGuests},
		{"a shell on a pty", shellOnPty},
		{"Ctrl-C stops a container", interruptContainer},
		{"vagrant ssh -c docker ps", byVagrant},
		{"the engine's TCP port", tcpPort},
		{"a volume survives halt and up", volumeSurvives},
		{"status", status},
	}
	for _, part := range parts {
		if !t.Run(part.name, func(t *testing.T) { part.test(t, p) }) && part.name == "up" {
			t.Fatal("fbdock up failed; the other subtests want a running machine")
		}
	}
}

func up(t *testing.T, p *project) {
	began := time.Now()
	p.up(t)
	t.Logf("first up: %s", time.Since(began).Round(time.Second))
	p.loadBusybox(t)
}

func firstBootIsTold(t *testing.T, p *project) {
	var console string
	await(t, 5*time.Minute, "the seed's last word on the serial console", func() bool {
		console = p.must(t, "exec", "--", "sudo", "-n", "cat", "/var/log/fbdock-console.log").stdout
		return strings.Contains(console, "fbdock-seed done")
	})
	for _, line := range []string{"fbdock-seed begin", "fbdock-seed ssh is open", "fbdock-seed done"} {
		if n := strings.Count(console, line); n != 1 {
			t.Errorf("%q is said %d times, want once", line, n)
		}
	}
}

func upAgain(t *testing.T, p *project) {
	before := p.must(t, "exec", "--", "sh", "-c", "sudo find /usr/local /etc /var/db/fbdock -newer /var/db/fbdock/applied -type f").stdout
	began := time.Now()
	out := p.must(t, "up")
	t.Logf("second up: %s", time.Since(began).Round(time.Millisecond))
	if !strings.Contains(out.stderr, "nothing to do") {
		t.Errorf("second fbdock up: stderr, want \"nothing to do\":\n%s", out.stderr)
	}
	after := p.must(t, "exec", "--", "sh", "-c", "sudo find /usr/local /etc /var/db/fbdock -newer /var/db/fbdock/applied -type f").stdout
	if before != after {
		t.Errorf("changed files after the second fbdock up:\n%s\nwant the list of before:\n%s", after, before)
	}
}

func bothStreams(t *testing.T, p *project) {
	out := p.must(t, "docker", "run", "--rm", "busybox", "sh", "-c", "echo to-out; echo to-err >&2")
	if out.stdout != "to-out\n" {
		t.Errorf("stdout %q, want %q", out.stdout, "to-out\n")
	}
	if !strings.Contains(out.stderr, "to-err\n") || strings.Contains(out.stderr, "to-out") {
		t.Errorf("stderr %q, want to-err alone", out.stderr)
	}
}

func exitStatuses(t *testing.T, p *project) {
	tests := []struct {
		want int
		args []string
	}{
		{0, []string{"docker", "run", "--rm", "busybox", "true"}},
		{1, []string{"docker", "run", "--rm", "busybox", "false"}},
		{42, []string{"docker", "run", "--rm", "busybox", "sh", "-c", "exit 42"}},
		{125, []string{"docker", "run", "--no-such-flag", "busybox"}},
		{126, []string{"docker", "run", "--rm", "busybox", "/etc"}},
		{127, []string{"docker", "run", "--rm", "busybox", "no-such-command"}},
		{125, []string{"-m", "nobody", "docker", "ps"}},
		{7, []string{"exec", "--", "sh", "-c", "exit 7"}},
		{9, []string{"exec", "--on", "engine", "--", "sh", "-c", "exit 9"}},
		{6, []string{"exec", "--via", "vagrant", "--", "sh", "-c", "exit 6"}},
	}
	for _, tt := range tests {
		if out := p.run(t, tt.args...); out.status != tt.want {
			t.Errorf("%s: status %d, want %d\n%s", strings.Join(tt.args, " "), out.status, tt.want, out.stderr)
		}
	}
}

func hundredMegabytes(t *testing.T, p *project) {
	const size = 100 << 20
	seed := [32]byte{1}
	sent, got := sha256.New(), sha256.New()
	cmd := p.command(t, "docker", "run", "--rm", "-i", "busybox", "cat")
	cmd.Stdin = io.TeeReader(io.LimitReader(rand.NewChaCha8(seed), size), sent)
	cmd.Stdout = got
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("docker run -i busybox cat of 100 MB: %v, want no error\n%s", err, stderr.String())
	}
	t.Logf("100 MB there and back: %s", time.Since(began).Round(time.Second))
	if a, b := hex.EncodeToString(sent.Sum(nil)), hex.EncodeToString(got.Sum(nil)); a != b {
		t.Errorf("SHA-256 of what came back = %s, want %s as sent", b, a)
	}
}

func anyByte(t *testing.T, p *project) {
	var all []byte
	for b := 1; b < 256; b++ {
		all = append(all, byte(b))
	}
	for _, on := range []string{"freebsd", "engine"} {
		out := p.must(t, "exec", "--on", on, "--", "printf", "%s|", string(all), "", "a  b", "$HOME", "`id`", "!!")
		if want := string(all) + "||a  b|$HOME|`id`|!!|"; out.stdout != want {
			t.Errorf("on %s: got %q, want %q", on, out.stdout, want)
		}
	}
}

func bothGuests(t *testing.T, p *project) {
	if out := p.must(t, "exec", "--on", "engine", "--", "cat", "/proc/mounts"); !strings.Contains(out.stdout, " /var/lib/docker ext4 ") {
		t.Errorf("/proc/mounts of the engine, want ext4 on /var/lib/docker:\n%s", out.stdout)
	}
	if out := p.must(t, "exec", "--", "id", "-un"); out.stdout != "vagrant\n" {
		t.Errorf("user %q, want vagrant", out.stdout)
	}
}

// shellOnPty lets script(1) make the terminal.
func shellOnPty(t *testing.T, p *project) {
	line := p.binary + " docker run --rm -it busybox sh"
	cmd := exec.CommandContext(t.Context(), "script", "-qefc", line, "/dev/null")
	cmd.Dir, cmd.Env = p.dir, p.env
	cmd.Stdin = strings.NewReader("tty; stty size; exit 3\n")
	out, err := cmd.CombinedOutput()
	if status := exitStatus(err); status != 3 || !strings.Contains(string(out), "/dev/pts/") {
		t.Errorf("status %d, want 3 and a pty in:\n%s", status, out)
	}
}

func interruptContainer(t *testing.T, p *project) {
	cmd := p.command(t, "docker", "run", "--rm", "--name", "sleeper", "busybox", "sh", "-c", "trap 'exit 33' INT; echo ready; while :; do sleep 1; done")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(stdout, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, stdout)
	if status := exitStatus(cmd.Wait()); status != 33 {
		t.Errorf("status %d, want the container's 33", status)
	}
	if left := p.must(t, "docker", "ps", "-q").stdout; left != "" {
		t.Errorf("docker ps -q after the container ended = %q, want no container", left)
	}
}

func byVagrant(t *testing.T, p *project) {
	cmd := exec.CommandContext(t.Context(), "vagrant", "ssh", "dev", "-c", "docker ps --format '{{.ID}}'; docker version --format '{{.Server.Os}}'")
	cmd.Dir = p.private(t)
	cmd.Env = p.env
	out, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(out)) != "linux" {
		t.Errorf("vagrant ssh -c: %v, %q, want linux", err, out)
	}
}

func volumeSurvives(t *testing.T, p *project) {
	p.must(t, "docker", "run", "--rm", "-v", "keep:/keep", "busybox", "sh", "-c", "echo kept > /keep/file")
	began := time.Now()
	p.must(t, "halt")
	t.Logf("halt: %s", time.Since(began).Round(time.Second))
	began = time.Now()
	p.up(t)
	t.Logf("up after halt: %s", time.Since(began).Round(time.Second))
	if out := p.must(t, "docker", "run", "--rm", "-v", "keep:/keep", "busybox", "cat", "/keep/file"); out.stdout != "kept\n" {
		t.Errorf("the volume holds %q, want kept", out.stdout)
	}
}

func status(t *testing.T, p *project) {
	out := p.must(t, "status", "--json")
	for _, word := range []string{`"dev"`, `"running"`} {
		if !strings.Contains(out.stdout, word) {
			t.Errorf("fbdock status --json = %q, want it to contain %s", out.stdout, word)
		}
	}
}
