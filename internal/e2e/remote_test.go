//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// computer is a FreeBSD computer of the user's own: the lab's container,
// which no Vagrant has made and which is reached by its sshd alone.
type computer struct {
	id, address string
}

// startComputer starts one, with a pool, a firewall and a key of its owner.
func startComputer(t *testing.T, key string) computer {
	t.Helper()
	id := dockerLab(t, "run", "-d", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_ADMIN", "--cap-add", "LINUX_IMMUTABLE", "--device", "/dev/net/tun", "--device", "/dev/fuse",
		"--security-opt", "apparmor=unconfined", "--hostname", "metal", "fbdock-lab:latest")
	c := computer{id: id}
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", "-v", id).Run() })
	c.address = dockerLab(t, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", id)
	for range 100 {
		if _, err := c.try("pgrep -x sshd"); err == nil {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	c.root(t, fmt.Sprintf("echo '%s' >>/home/vagrant/.ssh/authorized_keys", strings.TrimSpace(string(public))))
	c.root(t, `zpool create -m none tank /dev/vtbd1 && zfs create -o mountpoint=/tank/home tank/home && echo precious >/tank/home/file
sysrc zfs_enable=YES pf_enable=YES >/dev/null
printf 'ext = "vtnet0"\nnat on $ext inet from 192.168.9.0/24 to any -> ($ext)\npass all\n' >/etc/pf.conf && service pf start`)
	return c
}

func dockerLab(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).Output()
	if err != nil {
		t.Fatalf("docker %s: %v, want exit status 0", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

func (c computer) try(script string) (string, error) {
	out, err := exec.Command("docker", "exec", c.id, "sh", "-c", script).CombinedOutput()
	return string(out), err
}

func (c computer) root(t *testing.T, script string) string {
	t.Helper()
	out, err := c.try(script)
	if err != nil {
		t.Fatalf("%s: %v, want exit status 0\n%s", script, err, out)
	}
	return out
}

// listing names all that fbdock could have left: files with their digests,
// datasets, interfaces, rules, services. What packages bring is left out.
func (c computer) listing(t *testing.T) []string {
	t.Helper()
	out := c.root(t, `/usr/bin/find /etc /boot /usr/local /var/db /home /root /var/log /tank /fbdock -type f -exec /usr/bin/sha256sum {} + 2>/dev/null
/usr/bin/find /etc /boot /usr/local/etc /usr/local/libexec /var/db /home /root /fbdock -type d 2>/dev/null
zfs list -H -o name; ifconfig -l; pfctl -sn; pfctl -sr; pfctl -s info | head -n 1; sysctl -n net.inet.ip.forwarding; cat /etc/rc.conf`)
	lines := slices.DeleteFunc(strings.Split(out, "\n"), func(line string) bool {
		return strings.Contains(line, " /usr/local/") && !strings.Contains(line, "fbdock") || strings.Contains(line, "/var/log/") && !strings.Contains(line, "fbdock")
	})
	slices.Sort(lines)
	return lines
}

func sameLists(t *testing.T, what string, before, after []string) {
	t.Helper()
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("%s: files lack %q, want it unchanged", what, line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			t.Errorf("%s: files have %q, want no new or changed file", what, line)
		}
	}
}

// TestRemote: a machine on a FreeBSD computer of the user's own, from the
// first question to nothing left.
func TestRemote(t *testing.T) {
	home := t.TempDir()
	key := filepath.Join(home, ".ssh", "id_ed25519")
	if err := os.Mkdir(filepath.Dir(key), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v, want exit status 0\n%s", err, out)
	}
	c := startComputer(t, key)
	p := newProject(t, "")
	p.env = append(p.env, "HOME="+home, "SSH_AUTH_SOCK=")
	config := fmt.Sprintf("machine \"dev\" {\n  host = \"ssh://vagrant@%s\"\n  engine {\n    image = env(\"FBDOCK_LAB_IMAGE\")\n    disk  = \"8GiB\"\n  }\n"+
		"  share \"fast\" {}\n}\n", c.address)
	if err := os.WriteFile(filepath.Join(p.dir, "fbdock.hcl"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	before := c.listing(t)

	refused := p.run(t, "up")
	if refused.status != 2 || !strings.Contains(refused.stderr, "fbdock would change") || !strings.Contains(refused.stderr, "pass --yes") {
		t.Fatalf("fbdock up without --yes = status %d, want 2 and \"pass --yes\"\n%s", refused.status, refused.stderr)
	}
	t.Logf("what is shown:\n%s", refused.stderr)
	sameLists(t, "looking changes nothing", before, c.listing(t))

	began := time.Now()
	p.must(t, "up", "--yes")
	t.Logf("first up: %s", time.Since(began).Round(time.Second))
	t.Cleanup(func() { p.run(t, "destroy", "--yes") })
	lived(t, p, c)

	gone := p.must(t, "destroy", "--yes")
	t.Logf("what destroy says:\n%s", gone.stderr)
	if !strings.Contains(gone.stderr, "packages:") {
		t.Errorf("fbdock destroy: stderr, want it to list the packages that are left:\n%s", gone.stderr)
	}
	sameLists(t, "after destroy", before, c.listing(t))
	if got := dockerLab(t, "inspect", "-f", "{{.State.Running}}", c.id); got != "true" {
		t.Errorf("external host runs after fbdock destroy = %s, want true", got)
	}
}

// lived uses the machine, stops it and starts it again.
func lived(t *testing.T, p *project, c computer) {
	t.Helper()
	if out := p.must(t, "up"); !strings.Contains(out.stderr, "nothing to do") {
		t.Errorf("second fbdock up: stderr, want \"nothing to do\":\n%s", out.stderr)
	}
	p.loadBusybox(t)
	if out := p.must(t, "docker", "run", "--rm", "busybox", "echo", "hi"); out.stdout != "hi\n" {
		t.Errorf("docker run busybox echo hi = %q, want \"hi\\n\"", out.stdout)
	}
	p.must(t, "docker", "volume", "create", "kept")
	booted := c.root(t, "sysctl -n kern.boottime")
	p.must(t, "halt")
	if out := p.must(t, "status"); !strings.Contains(out.stdout, "stopped") {
		t.Errorf("fbdock status after halt, want it to say stopped:\n%s", out.stdout)
	}
	p.must(t, "up")
	if got := c.root(t, "sysctl -n kern.boottime"); got != booted {
		t.Errorf("kern.boottime after halt and up = %s, want %s: no reboot of the external host", got, booted)
	}
	if out := p.must(t, "docker", "volume", "ls", "-q"); !strings.Contains(out.stdout, "kept") {
		t.Errorf("docker volume ls -q after halt and up = %q, want the volume kept", out.stdout)
	}
	if out := p.must(t, "exec", "--", "cat", "/boot/loader.conf", "/tank/home/file"); out.stdout != "precious\n" {
		t.Errorf("loader.conf and file of the external host's owner = %q, want \"precious\\n\"", out.stdout)
	}
}
