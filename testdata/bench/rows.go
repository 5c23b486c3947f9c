package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// runs is how often each side runs; one more goes first and is not counted.
const runs = 7

// calls are single commands, in milliseconds.
func (w *world) calls(ctx context.Context) ([]row, error) {
	own := func(args ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			cmd := exec.CommandContext(ctx, w.fbdock, args...)
			cmd.Dir = w.dir
			return cmd
		}
	}
	vagrant := func(args ...string) func() *exec.Cmd {
		return func() *exec.Cmd { return w.vagrant(ctx, args...) }
	}
	master := func() *exec.Cmd {
		return exec.CommandContext(ctx, which("ssh"), "-F", w.path("ssh_config"), "master", "true")
	}
	var rows []row
	for _, c := range []struct {
		what, against string
		reach         float64
		times         int
		ours, theirs  func() *exec.Cmd
	}{
		{"`fbdock exec true`, warm", "`vagrant ssh -c true`", 100, runs, own("exec", "--", "true"), vagrant("ssh", "dev", "-c", "true")},
		{"the same", "`ssh` over a ControlMaster", 1, 10 * runs, own("exec", "--", "true"), master},
		{"`fbdock docker version`", "`vagrant ssh -c \"docker version\"`", 40, runs, own("docker", "version"), vagrant("ssh", "dev", "-c", "docker version")},
		{"`fbdock up`, all is up", "`vagrant up`, all is up", 10, runs, own("up"), vagrant("up", "--no-provision")},
		{"`fbdock plan`", "`vagrant validate`", 50, runs, own("plan"), vagrant("validate")},
	} {
		ours, theirs, err := byTurns(c.times, c.ours, c.theirs)
		if err != nil {
			return nil, err
		}
		r := row{What: c.what, Against: c.against, Unit: "ms", Ours: ours.Seconds() * 1000, Theirs: theirs.Seconds() * 1000, Reach: c.reach}
		r.judge(r.Theirs/r.Ours, fmt.Sprintf("%g times faster", c.reach))
		rows = append(rows, r)
	}
	return rows, nil
}

func (r *row) judge(got float64, goal string) {
	r.Got, r.Goal, r.Held = got, goal, got >= r.Reach
}

// byTurns gives the median of each side.
func byTurns(times int, ours, theirs func() *exec.Cmd) (a, b time.Duration, err error) {
	var as, bs []time.Duration
	for i := range times + 1 {
		if a, err = timed(ours()); err != nil {
			return 0, 0, err
		}
		if b, err = timed(theirs()); err != nil {
			return 0, 0, err
		}
		if i > 0 {
			as, bs = append(as, a), append(bs, b)
		}
	}
	slices.Sort(as)
	slices.Sort(bs)
	return as[times/2], bs[times/2], nil
}

// imageSize is how much the transfers carry.
const imageSize = 64 << 20

// transfer is docker save and load through the socket, beside OpenSSH that
// forwards the engine's own TLS port.
func (w *world) transfer(ctx context.Context) ([]row, error) {
	host, stop, err := w.forward(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := w.importImage(ctx); err != nil {
		return nil, err
	}
	tls := filepath.Join(w.private, "dev", "tls")
	secure := []string{"--tlsverify", "--tlscacert", tls + "/ca.pem", "--tlscert", tls + "/cert.pem", "--tlskey", tls + "/key.pem"}
	file := w.path("image.tar")
	save := func(host string, flags ...string) func() *exec.Cmd {
		return func() *exec.Cmd {
			return w.docker(ctx, host, append(flags, "save", "-o", file, "bench:latest")...)
		}
	}
	load := func(host string, flags ...string) func() *exec.Cmd {
		return func() *exec.Cmd { return w.docker(ctx, host, append(flags, "load", "-i", file)...) }
	}
	var rows []row
	for _, c := range []struct {
		what         string
		ours, theirs func() *exec.Cmd
	}{
		{"`docker save` through the socket", save(w.socket()), save(host, secure...)},
		{"`docker load` through the socket", load(w.socket()), load(host, secure...)},
	} {
		ours, theirs, err := byTurns(runs, c.ours, c.theirs)
		if err != nil {
			return nil, err
		}
		r := row{What: c.what, Against: "OpenSSH forwarding the engine's port", Unit: "MiB/s", Reach: 0.9,
			Ours: imageSize / 1048576 / ours.Seconds(), Theirs: imageSize / 1048576 / theirs.Seconds()}
		r.judge(r.Ours/r.Theirs, "0.9 of it")
		rows = append(rows, r)
	}
	return rows, nil
}

// forward lets OpenSSH forward a port of the host to the engine's.
func (w *world) forward(ctx context.Context) (host string, stop func(), err error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := free.Addr().String()
	_ = free.Close()
	cmd := exec.CommandContext(ctx, which("ssh"), "-F", w.path("ssh_config"), "-o", "ExitOnForwardFailure=yes", "-N", "-L", address+":10.77.0.2:2376", "dev")
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	for range 100 {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return "tcp://" + address, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return "", nil, fmt.Errorf("ssh does not forward %s", address)
}

// importImage gives the engine an image of random bytes, which compress no better on either connection.
func (w *world) importImage(ctx context.Context) error {
	data := make([]byte, imageSize)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	if err := os.WriteFile(w.path("random"), data, 0o600); err != nil {
		return err
	}
	tar, err := exec.CommandContext(ctx, "tar", "-C", w.dir, "-c", "random").Output()
	if err != nil {
		return err
	}
	cmd := w.docker(ctx, w.socket(), "import", "-", "bench:latest")
	cmd.Stdin = bytes.NewReader(tar)
	_, err = timed(cmd)
	return err
}

// crowd is how many clients come at once.
const crowd = 200

// many is how many of 200 `docker ps` at once succeed.
func (w *world) many(ctx context.Context) ([]row, error) {
	before, err := w.logins(ctx)
	if err != nil {
		return nil, err
	}
	ours, took := w.atOnce(ctx, w.socket())
	after, err := w.logins(ctx)
	if err != nil {
		return nil, err
	}
	theirs, tookTheirs := w.atOnce(ctx, "ssh://dev")
	r := row{What: fmt.Sprintf("%d `docker ps` at once through the socket (%.1f s, logins before %s, after %s)", crowd, took.Seconds(), before, after),
		Against: fmt.Sprintf("`docker -H ssh://` (%.1f s)", tookTheirs.Seconds()), Unit: "succeed", Ours: float64(ours), Theirs: float64(theirs), Reach: crowd}
	r.judge(r.Ours, "all succeed, no new login")
	r.Held = r.Held && before == after
	return []row{r}, nil
}

// logins counts the sessions of sshd that are logged in.
func (w *world) logins(ctx context.Context) (string, error) {
	cmd := exec.CommandContext(ctx, w.fbdock, "exec", "--", "sh", "-c", "ps ax | grep -c '[s]shd: vagrant@notty\\|[s]shd: vagrant$'")
	cmd.Dir = w.dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

func (w *world) atOnce(ctx context.Context, host string) (succeeded int, took time.Duration) {
	began := time.Now()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range crowd {
		wg.Go(func() {
			if _, err := timed(w.docker(ctx, host, "ps", "-q")); err == nil {
				mu.Lock()
				succeeded++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return succeeded, time.Since(began)
}
