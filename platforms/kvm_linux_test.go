package platforms

import (
	"os"
	"path/filepath"
	"testing"
)

// What is no /dev/kvm answers no request of KVM, and the answer names the call
// and its errno.
func TestAskForVM(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "kvm")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for device, want := range map[string][2]string{
		file:        {"KVM_GET_API_VERSION: inappropriate ioctl for device (ENOTTY)", "ENOTTY"},
		"/dev/null": {"KVM_GET_API_VERSION: inappropriate ioctl for device (ENOTTY)", "ENOTTY"},
		file + "-":  {"open: no such file or directory (ENOENT)", "ENOENT"},
	} {
		if problem, errno := askForVM(device); problem != want[0] || errno != want[1] {
			t.Errorf("askForVM(%q) = %q, %q, want %q, %q", device, problem, errno, want[0], want[1])
		}
	}
}
