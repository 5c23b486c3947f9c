//go:build e2e

package images_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/link/sshdtest"
)

// TestBoxBoots makes a box of the stand-in that testdata/box/build.sh has
// built, boots it under QEMU without any acceleration, and lets the real
// Vagrant log in: real cloud-init reads the seed, Vagrant finds its key, the
// box's own Vagrantfile and sudo.
func TestBoxBoots(t *testing.T) {
	standin := os.Getenv("FBDOCK_BOX_STANDIN")
	if standin == "" {
		t.Skip("FBDOCK_BOX_STANDIN names no stand-in: run make box-e2e")
	}
	b := newBench(t)
	f := publish(t, func(w http.ResponseWriter, r *http.Request, _ *freebsd) { http.ServeFile(w, r, standin) })
	f.digest = strings.Fields(output(t, nil, "", "sha512sum", standin))[0]
	began := time.Now()
	result, err := b.build(t, f)
	if err != nil || !result.Changed {
		t.Fatalf("BuildBoxes() = %+v, %v, want a change and no error", result, err)
	}
	t.Logf("%s %s made and added in %v", result.Name, result.Version, time.Since(began).Round(time.Second))

	_, port, err := net.SplitHostPort(sshdtest.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	env := slices.Concat(b.maker.Environ, []string{"BENCH_PORT=" + port, "VAGRANT_CHECKPOINT_DISABLE=1"})
	disk := filepath.Join(home(b), "boxes", "fbdock-VAGRANTSLASH-freebsd-15.1", result.Version, "libvirt", "box.img")
	if info := output(t, nil, "", "qemu-img", "info", disk); !strings.Contains(info, "virtual size: 64 GiB") {
		t.Errorf("qemu-img info of the box's disk = %s, want a virtual size of 64 GiB", info)
	}
	console := boot(t, disk, port)
	dir := project(t)
	began = time.Now()
	said := output(t, env, dir, "vagrant", "up", "--provider", "bench")
	t.Logf("Vagrant logged in %v after the start:\n%s", time.Since(began).Round(time.Second), said)
	for _, part := range []string{"Vagrant insecure key detected", "Key inserted!"} {
		if !strings.Contains(said, part) {
			t.Errorf("vagrant up did not print %q, want it; the console:\n%s", part, contents(t, console))
		}
	}
	said = output(t, env, dir, "vagrant", "ssh", "-c", "id -un; sudo -n id -un; hostname; sudo cat .ssh/authorized_keys; sudo grep -i ^passwordauth /etc/ssh/sshd_config; df -m / | tail -1", "--", "-T")
	t.Logf("in the machine: %s", said)
	lines := strings.Fields(said)
	if len(lines) < 4 || lines[0] != "vagrant" || lines[1] != "root" || lines[2] != "freebsd" {
		t.Errorf("vagrant ssh -c \"id -un; ...\" = %q, want vagrant, root, freebsd and more", lines)
	}
	if strings.Count(said, "PasswordAuthentication") != 1 || !strings.Contains(said, "PasswordAuthentication no\n") {
		t.Errorf("sshd_config of the machine: %s, want PasswordAuthentication no, once", said)
	}
	if strings.Contains(said, "insecure") {
		t.Errorf("authorized_keys of the machine: %s, want no insecure key", said)
	}
}

func home(b bench) string {
	dir, _ := b.maker.Lookup("VAGRANT_HOME")
	return dir
}

func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	bench := filepath.Join("..", "..", "testdata", "box", "bench")
	for from, to := range map[string]string{"Vagrantfile": "Vagrantfile", "vagrantplugins.rb": ".vagrantplugins"} {
		if err := os.WriteFile(filepath.Join(dir, to), []byte(contents(t, filepath.Join(bench, from))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func contents(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// boot starts the box's disk, on which nothing is written.
func boot(t *testing.T, disk, port string) (console string) {
	t.Helper()
	console = filepath.Join(t.TempDir(), "console.log")
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64",
		"-machine", "q35,accel=tcg", "-cpu", "max", "-smp", "2", "-m", "1024", "-bios", "/usr/share/ovmf/OVMF.fd",
		"-drive", "if=virtio,format=qcow2,snapshot=on,file="+disk,
		"-netdev", "user,id=n0,hostfwd=tcp:127.0.0.1:"+port+"-:22", "-device", "virtio-net-pci,netdev=n0",
		"-device", "virtio-rng-pci", "-display", "none", "-serial", "file:"+console, "-monitor", "none")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the console:\n%s", contents(t, console))
		}
	})
	return console
}

func output(t *testing.T, env []string, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env, cmd.Dir = env, dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v, want no error\n%s", name, args, err, out)
	}
	return string(out)
}
