package mount_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/mount"
)

// TestLiveScript names the note as guest.sh does, by cksum(1).
func TestLiveScript(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cksum"); err != nil {
		t.Skip("no cksum here")
	}
	for _, target := range []string{"/", "/home/me/src", "/tar get/ünicode", "/" + strings.Repeat("x", 300)} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "cksum | tr ' ' -")
		cmd.Stdin = strings.NewReader(target)
		want, err := cmd.Output()
		if got := mount.LiveScript(target); err != nil || !strings.Contains(got, "/"+strings.TrimSpace(string(want))+".live ") {
			t.Errorf("%s: %s, want %s, %v", target, got, want, err)
		}
	}
}
