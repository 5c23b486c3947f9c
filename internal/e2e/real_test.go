//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/run/runtest"
)

// judged is what `make real` runs, against an external host of the lab.
type judged struct {
	program, helper, key string
	home                 string
}

type judgement struct {
	Step, Status, Seen string
	Seconds            float64
}

// TestReal: the suite that judges a real machine passes on the lab, and it
// names what is broken on purpose.
func TestReal(t *testing.T) {
	p := newProject(t, "") // for its environment
	j := judged{home: t.TempDir(), program: filepath.Join(t.TempDir(), "acceptance")}
	j.key = filepath.Join(j.home, ".ssh", "id_ed25519")
	if err := os.Mkdir(filepath.Dir(j.key), 0o700); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", j.program, "../../cmd/acceptance")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build ../../cmd/acceptance: %v, want exit status 0\n%s", err, out)
	}
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", j.key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v, want exit status 0\n%s", err, out)
	}
	for _, hypervisor := range []string{"bhyve", "qemu"} {
		t.Run(hypervisor, func(t *testing.T) {
			for _, one := range j.run(t, p, hypervisor, "-reboot") {
				if one.Status != "pass" {
					t.Errorf("step %q = %s, want pass: %s", one.Step, one.Status, one.Seen)
				}
			}
		})
	}
	t.Run("what is broken is named", func(t *testing.T) { j.broken(t, p) })
}

// fault is something broken on purpose.
type fault struct {
	step     string // the step that has to notice it
	broken   string
	repaired string   // what the steps after it need; "" is nothing
	seen     []string // what the step has to name
}

var faults = []fault{
	{"survey", "freebsd:touch /etc/fbdock-left", "freebsd:rm /etc/fbdock-left", []string{"changed FreeBSD", "/etc/fbdock-left"}},
	{"up again", "freebsd:service nfsd onestop", "", []string{"has something to do", "nfsd does not run"}},
	{"status", "freebsd:pfctl -d", "freebsd:pfctl -e", []string{"FAIL", "pf"}},
	{"IPv6 port", "docker:rm -f web", "", []string{"[::1]:47080"}},
	{"UDP port", "docker:run -d --name taken -p 47053:53/udp busybox sleep 100000", "docker:rm -f taken", []string{"47053"}},
	{"share by 9P", "engine:umount /a", "", []string{"/a of the engine is not mounted by 9p"}},
	{"share by NFS", "engine:umount /b", "", []string{"/b of the engine is not mounted by nfs"}},
	{"halt", "freebsd:bhyvectl --create --vm=fbdock-left", "freebsd:bhyvectl --destroy --vm=fbdock-left", []string{"still runs", "fbdock-left"}},
	{"kept over halt", "docker:exec keeper mv /keep/data /keep/hidden", "docker:exec keeper mv /keep/hidden /keep/data", []string{"no data"}},
	{"kept over all", "docker:rm -f keeper", "", []string{"no container keeper"}},
	{
		"nothing is left", "freebsd:touch /usr/local/etc/fbdock-left; zfs create tank/left; ifconfig bridge77 create; echo left=1 >>/etc/rc.conf", "",
		[]string{"/usr/local/etc/fbdock-left", "dataset tank/left", "interface bridge77", "/etc/rc.conf"},
	},
}

// broken judges a computer on which eleven steps find something broken. What
// takes long and has nothing broken is left out.
func (j judged) broken(t *testing.T, p *project) {
	args := []string{"-slow", "1"} // what is broken is waited for to the end
	for _, one := range faults {
		args = append(args, "-sabotage", one.step+"="+one.broken)
		if one.repaired != "" {
			args = append(args, "-repair", one.step+"="+one.repaired)
		}
	}
	for _, step := range []string{"steps run again", "large input", "engine killed", "supervisor killed", "FreeBSD rebooted"} {
		args = append(args, "-skip", step)
	}
	seen := map[string]judgement{}
	for _, one := range j.run(t, p, "bhyve", args...) {
		seen[one.Step] = one
		if one.Status == "fail" && !slices.ContainsFunc(faults, func(f fault) bool { return f.step == one.Step }) {
			t.Errorf("acceptance step %q = fail, want it to pass, as nothing was broken for it: %s", one.Step, one.Seen)
		}
	}
	for _, one := range faults {
		if got := seen[one.step]; got.Status != "fail" {
			t.Errorf("step %q with %q = %s, want fail: %s", one.step, one.broken, got.Status, got.Seen)
		}
		for _, want := range one.seen {
			if got := seen[one.step].Seen; !strings.Contains(got, want) {
				t.Errorf("acceptance step %q with %q = %q, want it to contain %q", one.step, one.broken, got, want)
			}
		}
	}
}

// run judges a computer of its own.
func (j judged) run(t *testing.T, p *project, hypervisor string, args ...string) (steps []judgement) {
	t.Helper()
	c := startComputer(t, j.key)
	report := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), j.program, append([]string{
		"-fbdock", p.binary, "-host", "ssh://vagrant@" + c.address, "-engine",
		fmt.Sprintf("hypervisor = %q\nimage = %q\ndisk = \"8GiB\"", hypervisor, os.Getenv("FBDOCK_LAB_IMAGE")),
		"-archive", os.Getenv("FBDOCK_LAB_BUSYBOX"), "-helper", j.program, "-slow", "3", "-yes", "-json", report,
	}, args...)...)
	// OpenSSH takes its files from the user's home folder, whatever HOME says.
	bin := t.TempDir()
	ssh := fmt.Sprintf("#!/bin/sh\nexec /usr/bin/ssh -i %s -o UserKnownHostsFile=%s/known \"$@\"\n", j.key, bin)
	if err := runtest.WriteProgram(filepath.Join(bin, "ssh"), []byte(ssh), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(slices.Clone(p.env), "HOME="+j.home, "SSH_AUTH_SOCK=", "PATH="+bin+":"+os.Getenv("PATH"))
	cmd.Stderr = os.Stderr // step by step: it takes long
	out, err := cmd.Output()
	t.Logf("acceptance: %v\n%s", err, out)
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Steps []judgement }
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Steps) < 20 {
		t.Fatalf("%d steps in the report, want all", len(all.Steps))
	}
	return all.Steps
}
