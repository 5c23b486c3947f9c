//go:build e2e

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// anotherImage: the engine's VM is made anew of another image, which here is the
// same disk in another file, FreeBSD's goes on, and what was in docker is there.
func (s *siblings) anotherImage(t *testing.T) {
	newer := filepath.Join(s.dir, "newer.qcow2") // the configuration names it until the end
	if out, err := exec.CommandContext(t.Context(), "qemu-img", "convert", "-c", "-O", "qcow2", "-o", "compat=0.10", s.alpine, newer).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img convert: %v, want no error\n%s", err, out)
	}
	uuids := func() (all [2]string) {
		for i, domain := range s.domains() {
			all[i] = strings.TrimSpace(s.virsh(t, "domuuid", domain))
		}
		return all
	}
	s.keep(t)
	before := uuids()
	s.configure(t, newer)
	if plan := s.must(t, "plan").stdout; !strings.Contains(plan, "replaces   the engine VM alone, made of "+s.alpine) || !strings.Contains(plan, "docker's data stays on its disk") {
		t.Errorf("fbdock plan = %q, want that the engine VM alone is made anew and docker's data stays", plan)
	}
	began := time.Now()
	s.must(t, "up", "--yes")
	t.Logf("up with another image: %s", time.Since(began).Round(time.Second))
	if after := uuids(); after[0] != before[0] || after[1] == before[1] {
		t.Errorf("UUIDs of FreeBSD and the engine = %v, want FreeBSD's of %v and a new engine", after, before)
	}
	if disks := s.virsh(t, "domblklist", s.domains()[1]); !strings.Contains(disks, s.data()) {
		t.Errorf("virsh domblklist of the new engine = %q, want %s in it", disks, s.data())
	}
	s.kept(t)
	s.mounted(t)
	byVagrant(t, s.project)
	if out := s.must(t, "up"); !strings.Contains(out.stderr, "nothing to do") {
		t.Errorf("second fbdock up: stderr, want \"nothing to do\":\n%s", out.stderr)
	}
}

// removed: with --data the volume goes, of a machine that is there and of one that
// is not.
func (s *siblings) removed(t *testing.T) {
	s.must(t, "destroy", "--data", "--yes")
	if list := s.virsh(t, "vol-list", "default"); strings.Contains(list, s.data()) {
		t.Errorf("virsh vol-list default after destroy --data = %q, want no %s in it", list, s.data())
	}
	s.must(t, "destroy", "--data", "--yes", "dev")
}

// configure has the engine be of an image.
func (s *siblings) configure(t *testing.T, image string) {
	t.Helper()
	s.file(t, "fbdock.hcl", fmt.Sprintf(`machine "dev" {
  provider = "libvirt"
  box      = "fbdock/freebsd-15.1"
  engine {
    placement  = "sibling"
    hypervisor = "qemu"
    image      = %q
    disk       = %q
  }
  mount "." {}
}
`, image, s.disk))
}
