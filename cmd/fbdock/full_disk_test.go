package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestFullDisk runs the scripts of testdata/full_disk. They mount small file
// systems, which is why a child process in a mount namespace of its own runs
// them: nothing stays mounted, whatever happens. Issue 12, line 5.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	const child = "FBDOCK_TEST_FULL_DISK"
	if os.Getenv(child) != "" {
		testscript.Run(t, scripts("testdata/full_disk"))
		return
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "-m", "mount", "-t", "tmpfs", "none", os.TempDir()).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v %s", err, out)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "-m", os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
	cmd.Env = append(os.Environ(), child+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("TestFullDisk in a small file system: %v, want exit status 0\n%s", err, out)
	}
}
