package dockerpaths_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerpaths"
)

// TestPodmanWritesNowhereElse: a file that podman would write, and that is not
// there yet, is not taken for a path of the guest.
func TestPodmanWritesNowhereElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	host := dockerpaths.Host{GOOS: "linux", Dir: dir, Exists: func(string) bool { return false }}
	for _, line := range []string{"save -o OUT i", "cp c:/f OUT", "run --cidfile OUT i", "save -o out i"} {
		args := strings.Fields(strings.ReplaceAll(line, "OUT", filepath.Join(dir, "new")))
		_, _, err := dockerpaths.ResolvePodman(args, nil, host, "")
		if _, ok := errors.AsType[*dockerpaths.OutsideError](err); !ok {
			t.Errorf("ResolvePodman(%q) = %v, want an OutsideError", line, err)
		}
	}
	if _, _, err := dockerpaths.ResolvePodman([]string{"cp", "/nowhere/in/guest", "c:/"}, nil, host, ""); err != nil {
		t.Errorf("ResolvePodman() of cp from the guest: error = %v, want none", err)
	}
}
