//go:build linux

package sftpserver_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pkg/sftp"

	"github.com/fbdock/fbdock/internal/run/runtest"
)

// TestDescriptorsAreKept: a guest that opens files and folders without end is
// refused before the process has no descriptor left.
func TestDescriptorsAreKept(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -n 200 && exec "$1"`, "sh", self)
	cmd.Env = append(os.Environ(), serveEnv+"="+dir)
	in, out := runtest.Start(t, cmd)
	c, err := sftp.NewClientPipe(out, in)
	if err != nil {
		t.Fatal(err)
	}
	open, refused := 0, 0
	for range 400 {
		if _, err := c.Open("/file"); err != nil {
			refused++
		} else {
			open++
		}
	}
	descriptors, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if refused == 0 || open < 50 || len(descriptors) > 200-50+2 {
		t.Errorf("files open = %d, refused = %d, descriptors = %d, want 50 or more, 1 or more, 152 or fewer", open, refused, len(descriptors))
	}
	// What needs no handle works on.
	if info, err := c.Stat("/file"); err != nil || info.Size() != 4 {
		t.Errorf("Stat(/file) after all files were opened = %v, %v, want a size of 4", info, err)
	}
	_ = c.Close()
}
