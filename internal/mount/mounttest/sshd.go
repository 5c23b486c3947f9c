package mounttest

import (
	"testing"

	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// StartSSHD starts an OpenSSH server that plays the guest.
func StartSSHD(t *testing.T) *sshdtest.Server { return StartSSHDIn(t, "") }

// StartSSHDIn has a mount namespace of its own, which the script world
// prepares, unless that is "".
func StartSSHDIn(t *testing.T, world string) *sshdtest.Server {
	t.Helper()
	s := sshdtest.New(t)
	if world != "" {
		s.Within = []string{"unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", world + `exec "$0" "$@"`}
	}
	s.Start(t)
	return s
}
