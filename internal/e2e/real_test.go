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
		t.Fatalf("build acceptance: %v\n%s", err, out)
	}
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", j.key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	t.Run("all passes", func(t *testing.T) {
		for _, one := range j.run(t, p) {
			if one.Status != "pass" {
				t.Errorf("step %q = %s, want pass: %s", one.Step, one.Status, one.Seen)
			}
		}
	})
	t.Run("what is broken is named", func(t *testing.T) {
		broken := map[string]string{
			"up again":        "freebsd:service nfsd onestop",
			"status":          "freebsd:pfctl -d",
			"IPv6 port":       "docker:rm -f web",
			"UDP port":        "docker:run -d --name taken -p 47053:53/udp busybox sleep 100000",
			"share by 9P":     "engine:umount /a",
			"share by NFS":    "engine:umount /b",
			"kept over all":   "docker:exec keeper rm /keep/data",
			"nothing is left": "freebsd:touch /usr/local/etc/fbdock-left; zfs create tank/left; ifconfig bridge77 create; echo left=1 >>/etc/rc.conf",
		}
		var args []string
		for step, what := range broken {
			args = append(args, "-sabotage", step+"="+what)
		}
		var failed []string
		for _, one := range j.run(t, p, args...) {
			if one.Status != "fail" {
				continue
			}
			failed = append(failed, one.Step)
			if _, ok := broken[one.Step]; !ok {
				t.Errorf("step %q fails, though nothing was broken for it: %s", one.Step, one.Seen)
			}
			if one.Step != "nothing is left" {
				continue
			}
			for _, want := range []string{"/usr/local/etc/fbdock-left", "dataset tank/left", "interface bridge77", "/etc/rc.conf"} {
				if !strings.Contains(one.Seen, want) {
					t.Errorf("what is left does not have %s: %s", want, one.Seen)
				}
			}
		}
		for step := range broken {
			if !slices.Contains(failed, step) {
				t.Errorf("step %q does not notice %q", step, broken[step])
			}
		}
	})
}

// run judges a computer of its own.
func (j judged) run(t *testing.T, p *project, args ...string) (steps []judgement) {
	t.Helper()
	c := startComputer(t, j.key)
	report := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), j.program, append([]string{
		"-fbdock", p.binary, "-host", "ssh://vagrant@" + c.address, "-engine", fmt.Sprintf("image = %q\ndisk = \"8GiB\"", os.Getenv("FBDOCK_LAB_IMAGE")),
		"-archive", os.Getenv("FBDOCK_LAB_BUSYBOX"), "-helper", j.program, "-reboot", "-yes", "-json", report,
	}, args...)...)
	// OpenSSH takes its files from the user's home folder, whatever HOME says.
	bin := t.TempDir()
	ssh := fmt.Sprintf("#!/bin/sh\nexec /usr/bin/ssh -i %s -o UserKnownHostsFile=%s/known \"$@\"\n", j.key, bin)
	if err := os.WriteFile(filepath.Join(bin, "ssh"), []byte(ssh), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(slices.Clone(p.env), "HOME="+j.home, "SSH_AUTH_SOCK=", "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
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
