//go:build e2e

package e2e

import (
	"os/exec"
	"testing"

	"github.com/fbdock/fbdock/internal/lab/basetest"
)

// jailBox is the lab's container image with the base systems of releases where
// its fetch finds what FreeBSD publishes.
func jailBox(t *testing.T, releases ...string) string {
	t.Helper()
	const box = "fbdock-lab-jails:latest"
	published := t.TempDir()
	for _, release := range releases {
		basetest.Publish(t, published, release, map[string]string{
			// The console's log is what `fbdock jail logs` shows.
			"etc/rc": "echo \"rc of $JAIL\"\n", "etc/rc.shutdown": "echo down\n",
			"bin/freebsd-version": "#!/bin/sh\necho " + release + "-RELEASE\n", "bin/printf": "#!/bin/sh\nprintf \"$@\"\n", "bin/true": "#!/bin/sh\n",
			"bin/cat": "#!/bin/sh\nfor file; do while IFS= read -r line; do printf '%s\\n' \"$line\"; done <\"$file\"; done\n",
		})
	}
	id := dockerLab(t, "create", labBox)
	defer dockerLab(t, "rm", id)
	dockerLab(t, "cp", published+"/.", id+":/")
	dockerLab(t, "commit", id, box)
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "rmi", box).CombinedOutput(); err != nil {
			t.Errorf("docker rmi %s: %v, want exit status 0\n%s", box, err, out)
		}
	})
	return box
}
