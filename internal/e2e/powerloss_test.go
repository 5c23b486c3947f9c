//go:build e2e

package e2e

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestPowerLoss kills the engine at moments spread over its first boot; the
// next boot arrives each time. FBDOCK_MOMENTS says at how many.
func TestPowerLoss(t *testing.T) {
	moments := 5
	if text := os.Getenv("FBDOCK_MOMENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		moments = n
	}
	p := newProject(t, "")
	p.destroyAtEnd(t)
	up(t, p)
	root := func(script string) string {
		t.Helper()
		return p.must(t, "exec", "--", "sudo", "-n", "sh", "-c", script).stdout
	}
	// A first boot is one on a root disk that was written anew.
	first := func() {
		t.Helper()
		root(`service fbdock onestop; zfs inherit fbdock:image "$(cat /var/db/fbdock/pool)/fbdock/vm/root" && : >/var/log/fbdock-console.log && /usr/local/libexec/fbdock/fbdock-steps`)
	}
	arrives := func() time.Duration {
		t.Helper()
		return await(t, 10*time.Minute, "dockerd answers", func() bool {
			return p.run(t, "docker", "run", "--rm", "busybox", "true").status == 0
		})
	}
	first()
	whole := arrives()
	t.Logf("a first boot takes %s", whole)
	for i := range moments {
		after := whole * time.Duration(2*i+1) / time.Duration(2*moments)
		first()
		time.Sleep(after)
		root(`kill -9 "$(cat /var/run/fbdock/vm.pid)"`)
		took := arrives()
		console := root("cat /var/log/fbdock-console.log")
		if strings.Contains(console, "Overwrite (y/n)") || !strings.Contains(console, "fbdock-seed done") {
			t.Errorf("engine killed after %s: end of the console, want \"fbdock-seed done\" and no \"Overwrite (y/n)\":\n%s",
				after, console[max(0, len(console)-3000):])
		}
		t.Logf("killed after %s: dockerd answers %s later", after.Round(time.Second), took)
	}
}
