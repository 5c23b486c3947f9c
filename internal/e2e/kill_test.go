//go:build e2e

package e2e

import (
	"bytes"
	"testing"
	"time"
)

// TestKilledUp kills fbdock at ten moments of its `up`, each time further
// on, and lets the next one go on from what is left.
func TestKilledUp(t *testing.T) {
	p := newProject(t, "")
	p.destroyAtEnd(t)
	moments := []time.Duration{300 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second, 5 * time.Second, 8 * time.Second,
		11 * time.Second, 14 * time.Second, 18 * time.Second, 22 * time.Second, 30 * time.Second}
	killed := 0
	for _, moment := range moments {
		cmd := p.command(t, "up")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("fbdock up, to be killed at %s: %v, want it to run until then\n%s", moment, err, stderr.String())
			}
			t.Logf("up arrived before %s", moment)
		case <-time.After(moment):
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			killed++
			t.Logf("killed at %s (%v), after:\n%s", moment, <-ended, stderr.String())
		}
	}
	p.up(t)
	p.loadBusybox(t)
	if out := p.must(t, "docker", "run", "--rm", "busybox", "echo", "arrived"); out.stdout != "arrived\n" {
		t.Errorf("docker run busybox echo arrived = %q, want \"arrived\\n\"", out.stdout)
	}
	t.Logf("killed %d times, then it arrived", killed)
}
