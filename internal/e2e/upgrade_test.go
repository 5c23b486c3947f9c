//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// formerKeys are the files of a machine whose content a takeover keeps.
var formerKeys = []string{"tls/ca-key.pem", "ssh/engine_key", "ssh/engine_host_key"}

// TestUpgrade: a machine that a former fbdock made, whose agent runs and whose
// containers have data, belongs to this one, without being made anew. The
// former one kept its keys in the project.
func TestUpgrade(t *testing.T) {
	former := os.Getenv("FBDOCK_FORMER")
	if former == "" {
		t.Skip("FBDOCK_FORMER does not name the former fbdock: the repository has no commit 92a7756 (a shallow clone?)")
	}
	p := newProject(t, "")
	p.configure(t, formerBox(t), "", "  mount \".\" {}\n")
	p.destroyAtEnd(t)
	old := &project{dir: p.dir, binary: former, env: p.env, plain: true}
	old.upFormer(t)
	old.loadBusybox(t)
	old.must(t, "docker", "run", "-d", "--name", "keep", "--restart", "always", "-v", "data:/data", "busybox",
		"sh", "-c", "echo kept >/data/file; exec sleep 1d")
	want := old.must(t, "docker", "inspect", "-f", "{{.Id}} {{.Created}}", "keep").stdout
	keys := sums(t, filepath.Join(p.dir, ".fbdock", "dev"))
	vm := "of the former\n"
	old.must(t, "exec", "--", "sh", "-c", "echo of the former >$HOME/mark")
	if agents := processesOf(t, former); len(agents) == 0 {
		t.Fatalf("processes of the former fbdock = %v, want its agent to run before the upgrade", agents)
	}

	// The first command takes the folder over; no file of the old place is left.
	r := p.must(t, "status")
	if !strings.Contains(r.stderr, "has moved from") {
		t.Errorf("fbdock status after the upgrade: stderr, want \"has moved from\":\n%s", r.stderr)
	}
	if agents := processesOf(t, former); len(agents) != 0 {
		t.Errorf("processes of the former fbdock after the upgrade = %v, want none", agents)
	}
	entries, err := os.ReadDir(filepath.Join(p.dir, ".fbdock"))
	if err != nil || len(entries) != 2 || entries[0].Name() != ".gitignore" || entries[1].Name() != "id" {
		t.Errorf(".fbdock = %v, %v, want the marker id and .gitignore alone", entries, err)
	}
	if got := sums(t, p.private(t, "dev")); got != keys {
		t.Errorf("keys after the takeover:\n%s\nwant those of before:\n%s", got, keys)
	}
	t.Logf("up after the takeover:\n%s", p.up(t).stderr)
	p.same(t, want, vm)
	p.must(t, "halt")
	p.up(t)
	p.same(t, want, vm)
	if got := sums(t, p.private(t, "dev")); got != keys {
		t.Errorf("keys after up, halt and up:\n%s\nwant:\n%s", got, keys)
	}
}

// upFormer brings the former machine up. Its engine does not start dockerd at
// its first boot, as no runlevel of Alpine has cgroups: what its user had to do
// is done here while it waits.
func (p *project) upFormer(t *testing.T) {
	t.Helper()
	up := p.command(t, "up")
	var out bytes.Buffer
	up.Stdout, up.Stderr = &out, &out
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- up.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("fbdock up of the former version: %v, want exit status 0\n%s", err, &out)
			}
			return
		case <-time.After(5 * time.Second):
			p.run(t, "exec", "--on", "engine", "--", "sh", "-c",
				"[ -e /var/lib/cloud/instance/boot-finished ] && rc-update -q add cgroups sysinit && rc-service -q cgroups start && rc-service -q docker start")
		}
	}
}

// formerBox is the lab's box with the firmware package of the former fbdock's
// days: one image, which its bhyve could start.
func formerBox(t *testing.T) string {
	t.Helper()
	const box = "fbdock-lab:former"
	id := dockerLab(t, "run", "-d", "--entrypoint", "/usr/bin/find", labBox, "/usr/lab/pkg/edk2-bhyve", "(", "-name", "BHYVE_UEFI_CODE.fd", "-o", "-name", "BHYVE_UEFI_VARS.fd", ")", "-delete")
	t.Cleanup(func() {
		_ = exec.Command("docker", "rm", "-f", id).Run()
		_ = exec.Command("docker", "rmi", "-f", box).Run()
	})
	if status := dockerLab(t, "wait", id); status != "0" {
		t.Fatalf("make box %s: find ended with status %s, want 0", box, status)
	}
	dockerLab(t, "commit", "--change", `ENTRYPOINT ["/sbin/init"]`, id, box)
	return box
}

// same checks that the guest is the same one and its container has its data.
func (p *project) same(t *testing.T, container, vm string) {
	t.Helper()
	if got := p.must(t, "docker", "inspect", "-f", "{{.Id}} {{.Created}}", "keep").stdout; got != container {
		t.Errorf("container = %q, want %q", got, container)
	}
	if got := p.run(t, "exec", "--", "sh", "-c", "cat $HOME/mark").stdout; got != vm {
		t.Errorf("the mark in FreeBSD = %q, want %q: the guest was made anew", got, vm)
	}
	await(t, time.Minute, "the container runs", func() bool {
		return p.run(t, "docker", "exec", "keep", "cat", "/data/file").stdout == "kept\n"
	})
}

// sums are the digests of a machine's keys, which are a file for each, or one
// set.
func sums(t *testing.T, machine string) string {
	t.Helper()
	set := map[string]string{}
	if data, err := os.ReadFile(filepath.Join(machine, "keys.json")); err == nil {
		if err := json.Unmarshal(data, &set); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	for _, name := range formerKeys {
		text, one := set[name]
		if !one {
			data, err := os.ReadFile(filepath.Join(machine, filepath.FromSlash(name)))
			if err != nil {
				t.Fatal(err)
			}
			text = string(data)
		}
		sum := sha256.Sum256([]byte(text))
		out.WriteString(name + " " + hex.EncodeToString(sum[:8]) + "\n")
	}
	return out.String()
}

// processesOf are the processes that run a program, by their numbers.
func processesOf(t *testing.T, program string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, link := range links {
		if exe, err := os.Readlink(link); err == nil && exe == program {
			found = append(found, filepath.Base(filepath.Dir(link)))
		}
	}
	return found
}
