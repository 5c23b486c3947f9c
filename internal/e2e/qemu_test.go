//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"
)

// TestQemu is a guest on which bhyve cannot run: refused when bhyve is asked
// for, else with qemu in its place, which status tells.
func TestQemu(t *testing.T) {
	p := newProject(t, "")
	box := boxWithout(t, "vmm")
	const share = "  share \"a\" { type = \"9p\" }\n  share \"b\" { type = \"nfs\" }\n"
	p.configure(t, box, "    hypervisor = \"bhyve\"\n", share)
	p.destroyAtEnd(t)

	out := p.run(t, "up")
	if out.status != 3 {
		t.Errorf("bhyve asked for: status %d, want 3", out.status)
	}
	for _, want := range []string{"bhyve cannot run in this guest", "SVM: NRIP Save feature not available", "hint: switch nested virtualization on for provider docker", `hypervisor = "auto"`} {
		if !strings.Contains(out.stderr, want) {
			t.Errorf("fbdock up with hypervisor bhyve: stderr, want it to contain %q:\n%s", want, out.stderr)
		}
	}

	p.configure(t, box, "", share)
	up(t, p)
	if out := p.must(t, "docker", "run", "--rm", "busybox", "echo", "emulated"); out.stdout != "emulated\n" {
		t.Errorf("docker run busybox echo emulated = %q, want \"emulated\\n\"", out.stdout)
	}
	status := p.must(t, "status").stdout
	for _, want := range []string{"running under qemu since bhyve cannot run: ", "SVM: NRIP Save feature not available"} {
		if !strings.Contains(status, want) {
			t.Errorf("fbdock status under qemu, want it to contain %q:\n%s", want, status)
		}
	}
	if strings.Contains(status, "FAIL") {
		t.Errorf("fbdock status under qemu, want no FAIL:\n%s", status)
	}
	p.must(t, "share", "list")
	if running := p.must(t, "exec", "--", "sh", "-c", "ps ax | grep '[q]emu-system'").stdout; !strings.Contains(running, "tcg") {
		t.Errorf("qemu processes in the guest, want one with tcg:\n%s", running)
	}
	p.must(t, "halt")
}

// boxWithout makes an image of the lab's whose lab.conf says no to a switch.
func boxWithout(t *testing.T, name string) string {
	t.Helper()
	docker := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("docker", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("docker %s: %v, want exit status 0\n%s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	box := "fbdock-lab:no-" + name
	made := docker("create", "--entrypoint", "/bin/sed", labBox, "-i", "s/^"+name+"=.*/"+name+"=no/", "/etc/lab.conf")
	defer docker("rm", "-f", made)
	docker("start", "-a", made)
	docker("commit", "--change", `ENTRYPOINT ["/sbin/init"]`, "--change", "CMD []", made, box)
	t.Cleanup(func() { docker("rmi", "-f", box) })
	return box
}
