//go:build e2e

package e2e

import (
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLibvirtSibling is the life of a machine whose engine is a VM beside
// FreeBSD, by Debian's vagrant-libvirt, libvirtd and QEMU: two real VMs of two
// boxes that fbdock makes of stand-ins of the cloud images, and the isolated
// network between them. Its parts run in order.
func TestLibvirtSibling(t *testing.T) {
	freebsd, alpine := os.Getenv("FBDOCK_LIBVIRT_FREEBSD"), os.Getenv("FBDOCK_LIBVIRT_ALPINE")
	if freebsd == "" || alpine == "" {
		t.Skip("FBDOCK_LIBVIRT_FREEBSD and FBDOCK_LIBVIRT_ALPINE name no stand-ins: run make libvirt-e2e")
	}
	s := newSiblings(t, freebsd, alpine)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"a box of FreeBSD's image", s.box},
		{"up", s.first},
		{"two VMs and a network of their own", s.machines},
		{"up again changes nothing", func(t *testing.T) {
			if out := s.must(t, "up"); !strings.Contains(out.stderr, "nothing to do") {
				t.Errorf("second fbdock up: stderr, want \"nothing to do\":\n%s", out.stderr)
			}
		}},
		{"docker run: both streams", func(t *testing.T) { bothStreams(t, s.project) }},
		{"exec: both guests", func(t *testing.T) { bothGuests(t, s.project) }},
		{"a published port", s.published},
		{"a mount", s.mounted},
		{"FreeBSD is paused, and the engine serves", s.withoutFreeBSD},
		{"vagrant ssh -c docker ps", func(t *testing.T) { byVagrant(t, s.project) }},
		{"a volume survives halt and up, and its disk grows", s.survives},
		{"another image: a new engine VM, and docker's data stays", s.anotherImage},
		{"destroy, and docker's data stays", s.destroyed},
		{"destroy --data removes docker's data", s.removed},
	} {
		if !t.Run(part.name, part.test) {
			s.tell(t)
			if part.name == "up" || part.name == "a box of FreeBSD's image" {
				t.Fatalf("%s failed; the other subtests want a running machine", part.name)
			}
		}
	}
}

type siblings struct {
	*project
	alpine   string // the stand-in of Alpine's image
	mirror   string
	disk     string // engine.disk
	instance string // what libvirt calls the machine and its network
}

const mirrored = "releases/VM-IMAGES/15.1-RELEASE/amd64/Latest/FreeBSD-15.1-RELEASE-amd64-BASIC-CLOUDINIT-zfs.raw.xz"

// newSiblings is a project whose Vagrant and cache are empty, and that has
// pinned the stand-in of FreeBSD's image as the publisher's.
func newSiblings(t *testing.T, freebsd, alpine string) *siblings {
	t.Helper()
	for _, name := range []string{"FBDOCK", "FBDOCK_LAB_BUSYBOX"} {
		if os.Getenv(name) == "" {
			t.Fatalf("environment variable %s is empty, want it set; run this test by `make libvirt-e2e`", name)
		}
	}
	home := t.TempDir()
	s := &siblings{alpine: alpine, disk: "8GiB", project: &project{dir: t.TempDir(), binary: os.Getenv("FBDOCK"), env: append(os.Environ(),
		"FBDOCK_DOCKER_CLI=guest", "VAGRANT_HOME="+filepath.Join(home, "vagrant"), "XDG_CACHE_HOME="+filepath.Join(home, "cache"))}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/"+mirrored {
			http.NotFound(w, r)
			return
		}
		http.ServeFile(w, r, freebsd)
	}))
	t.Cleanup(server.Close)
	s.mirror = server.URL
	s.file(t, "fbdock.lock.hcl", fmt.Sprintf("cloud_image \"freebsd-15.1-zfs\" \"amd64\" {\n  url    = %q\n  sha512 = %q\n}\n",
		"https://download.freebsd.org/"+mirrored, digestOf(t, freebsd)))
	s.configure(t, alpine)
	s.file(t, "shared", "from the host\n")
	t.Cleanup(func() {
		if r := s.run(t, "destroy", "--yes"); r.status != 0 {
			t.Errorf("fbdock destroy --yes = status %d, want 0\n%s", r.status, r.stderr)
		}
		if s.instance != "" {
			_, _ = virsh("vol-delete", "--pool", "default", s.data())
		}
	})
	return s
}

func digestOf(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha512.New()
	if _, err := io.Copy(h, f); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func virsh(args ...string) (string, error) {
	out, err := exec.Command("virsh", append([]string{"-q", "-c", "qemu:///system"}, args...)...).CombinedOutput()
	return string(out), err
}

func (s *siblings) virsh(t *testing.T, args ...string) string {
	t.Helper()
	out, err := virsh(args...)
	if err != nil {
		t.Errorf("virsh %s: %v, want no error\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// data is the volume with docker's data.
func (s *siblings) data() string { return s.instance + "-docker.qcow2" }

// domains are the VMs by libvirt's names, which end in Vagrant's.
func (s *siblings) domains() [2]string {
	return [2]string{s.instance + "-dev", s.instance + "-engine-dev-engine"}
}

// tell shows what is known after a failure.
func (s *siblings) tell(t *testing.T) {
	t.Logf("fbdock status:\n%s", s.run(t, "status").stdout)
	out, _ := virsh("list", "--all")
	t.Logf("virsh list --all:\n%s", out)
}

func (s *siblings) box(t *testing.T) {
	began := time.Now()
	out := s.must(t, "box", "build", "--provider", "libvirt", "--release", "15.1", "--mirror", s.mirror)
	if !strings.HasPrefix(out.stdout, "fbdock/freebsd-15.1 15.1.") {
		t.Errorf("fbdock box build = %q, want fbdock/freebsd-15.1 and its version", out.stdout)
	}
	t.Logf("the box of FreeBSD's image: %s", time.Since(began).Round(time.Second))
}

func (s *siblings) first(t *testing.T) {
	for line := range strings.Lines(s.must(t, "plan").stdout) {
		if rest, ok := strings.CutPrefix(line, "machine "); ok {
			_, instance, _ := strings.Cut(strings.TrimSpace(rest), "(")
			s.instance, _, _ = strings.Cut(instance, ")")
		}
	}
	if s.instance == "" {
		t.Fatal("fbdock plan names no machine, want its name in libvirt")
	}
	up(t, s.project)
}

// machines: both VMs run without KVM; the network has no address of the host
// and no route to the outside; FreeBSD reaches the engine over it; and nothing but sshd of
// the engine answers the host.
func (s *siblings) machines(t *testing.T) {
	for _, domain := range s.domains() {
		xml := s.virsh(t, "dumpxml", domain)
		for _, want := range []string{"<domain type='qemu' ", "<source network='vagrant-libvirt'", "<source network='" + s.instance + "'"} {
			if !strings.Contains(xml, want) {
				t.Errorf("virsh dumpxml %s, want %s in it:\n%s", domain, want, xml)
			}
		}
	}
	network := s.virsh(t, "net-dumpxml", s.instance)
	for _, none := range []string{"<ip ", "<forward"} {
		if strings.Contains(network, none) {
			t.Errorf("virsh net-dumpxml %s, want no %s in it:\n%s", s.instance, none, network)
		}
	}
	if routes, err := exec.CommandContext(t.Context(), "ip", "route", "get", "10.77.0.2").CombinedOutput(); err == nil && !strings.Contains(string(routes), " via ") {
		t.Errorf("ip route get 10.77.0.2 on the host = %q, want no network of that address here", routes)
	}
	if out := s.must(t, "exec", "--", "sudo", "-n", "sh", "-c", "docker -H tcp://10.77.0.2:2376 version >/dev/null 2>&1; nc -z 10.77.0.2 2376 && echo open"); out.stdout != "open\n" {
		t.Errorf("port 2376 of the engine from FreeBSD = %q, want it open", out.stdout)
	}
	address := s.engineAddress(t)
	for port, open := range map[string]bool{"22": true, "2375": false, "2376": false} {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(address, port), 3*time.Second)
		if (err == nil) != open {
			t.Errorf("Dial(%s:%s), the engine in the provider's network: %v, want it open: %t", address, port, err, open)
		}
		if err == nil {
			_ = conn.Close()
		}
	}
}

// engineAddress is that of the engine in the provider's network.
func (s *siblings) engineAddress(t *testing.T) string {
	t.Helper()
	fields := strings.Fields(s.virsh(t, "domifaddr", s.domains()[1]))
	for _, f := range fields {
		if address, _, ok := strings.Cut(f, "/"); ok {
			return address
		}
	}
	t.Fatalf("virsh domifaddr %s = %q, want an address", s.domains()[1], fields)
	return ""
}

func (s *siblings) published(t *testing.T) {
	s.must(t, "docker", "run", "-d", "--name", "web", "-p", "45190:80", "busybox", "sh", "-c", page)
	defer s.run(t, "docker", "rm", "-f", "web")
	took := await(t, 30*time.Second, "the port on the host", func() bool { return fetch("http://127.0.0.1:45190/") == "page\n" })
	t.Logf("the port answers after %s", took)
	if conn, err := net.DialTimeout("tcp", net.JoinHostPort(s.engineAddress(t), "45190"), 3*time.Second); err == nil {
		_ = conn.Close()
		t.Errorf("Dial(%s) succeeded, want the published port closed in the provider's network", conn.RemoteAddr())
	}
}

func (s *siblings) mounted(t *testing.T) {
	if out := s.must(t, "docker", "run", "--rm", "-v", s.dir+":/x", "busybox", "sh", "-c", "cat /x/shared; echo back >/x/back"); out.stdout != "from the host\n" {
		t.Errorf("cat of the mounted file in a container = %q, want \"from the host\\n\"", out.stdout)
	}
	if data, err := os.ReadFile(filepath.Join(s.dir, "back")); err != nil || string(data) != "back\n" {
		t.Errorf("the file that the container wrote = %q, %v, want \"back\\n\"", data, err)
	}
}

func (s *siblings) survives(t *testing.T) {
	s.keep(t)
	began := time.Now()
	s.must(t, "halt")
	t.Logf("halt: %s", time.Since(began).Round(time.Second))
	if out := s.virsh(t, "list", "--name"); strings.Contains(out, s.instance) {
		t.Errorf("virsh list after fbdock halt = %q, want no VM of %s", out, s.instance)
	}
	if out := s.run(t, "status"); !strings.Contains(out.stdout, "stopped") {
		t.Errorf("fbdock status after halt = %q, want stopped", out.stdout)
	}
	s.disk = "9GiB"
	s.configure(t, s.alpine)
	began = time.Now()
	s.up(t)
	t.Logf("up after halt: %s", time.Since(began).Round(time.Second))
	s.kept(t)
	s.grown(t)
}

// grown: libvirt's volume and the file system on it have the size of engine.disk.
func (s *siblings) grown(t *testing.T) {
	t.Helper()
	if info := s.virsh(t, "vol-info", "--bytes", "--pool", "default", s.data()); !strings.Contains(info, " 9663676416 bytes") {
		t.Errorf("virsh vol-info = %q, want a capacity of 9663676416 bytes", info)
	}
	// A file system of 8 GiB has no more blocks than that.
	out := s.must(t, "exec", "--on", "engine", "--", "stat", "-f", "-c", "%b %s", "/var/lib/docker")
	var blocks, size int64
	if _, err := fmt.Sscan(out.stdout, &blocks, &size); err != nil || blocks*size <= 8<<30 {
		t.Errorf("stat -f of docker's data = %q, %v, want more than %d bytes", out.stdout, err, 8<<30)
	}
}

func (s *siblings) keep(t *testing.T) {
	s.must(t, "docker", "run", "--rm", "-v", "keep:/keep", "busybox", "sh", "-c", "echo kept > /keep/file")
}

func (s *siblings) kept(t *testing.T) {
	t.Helper()
	if out := s.must(t, "docker", "run", "--rm", "-v", "keep:/keep", "busybox", "cat", "/keep/file"); out.stdout != "kept\n" {
		t.Errorf("the volume holds %q, want kept", out.stdout)
	}
}

// destroyed: the VMs and the network go, the disk with docker's data stays,
// and the next engine has it.
func (s *siblings) destroyed(t *testing.T) {
	s.keep(t)
	out := s.must(t, "destroy", "--yes")
	if !strings.Contains(out.stderr, "docker's data stays in the volume "+s.data()) || !strings.Contains(out.stderr, "`fbdock destroy --data dev` removes it") {
		t.Errorf("fbdock destroy = %q, want it to say where docker's data is and how it is removed", out.stderr)
	}
	if list := s.virsh(t, "list", "--all", "--name"); strings.Contains(list, s.instance) {
		t.Errorf("virsh list --all after destroy = %q, want no VM of %s", list, s.instance)
	}
	if list := s.virsh(t, "net-list", "--all", "--name"); strings.Contains(list, s.instance) {
		t.Errorf("virsh net-list --all after destroy = %q, want no network %s", list, s.instance)
	}
	if list := s.virsh(t, "vol-list", "default"); !strings.Contains(list, s.data()) {
		t.Errorf("virsh vol-list default after destroy = %q, want %s in it", list, s.data())
	}
	began := time.Now()
	s.up(t)
	t.Logf("up after destroy: %s", time.Since(began).Round(time.Second))
	s.kept(t)
}
