package provision_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// engineRoot makes a root file system for the engine's scripts: BusyBox's applets,
// as in Alpine, and in front of them programs that write down how they are called.
const engineRoot = `set -eu
root=$1 busybox=$(command -v busybox)
mkdir -p "$root/bin" "$root/etc/conf.d" "$root/etc/ssh" "$root/usr/local/sbin" "$root/proc" "$root/dev" "$root/run" "$root/tmp" "$root/root" "$root/var/log"
ln -s ../run "$root/var/run"
with_libs() {
  cp -L "$1" "$2"
  ldd "$1" 2>/dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }' | while read -r lib; do
    [ -e "$root$lib" ] || { mkdir -p "$root${lib%/*}" && cp -L "$lib" "$root$lib"; }
  done
}
with_libs "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
# Alpine's BusyBox has it, Debian's has not.
rm -f "$root/bin/flock"
with_libs "$(command -v flock)" "$root/bin/flock"
cat >"$root/usr/local/sbin/called" <<'END'
#!/bin/sh
echo "${0##*/} $*" >>/calls
case ${0##*/} in
  findfs) echo /dev/vdb ;;
  # The data disk is mounted, the shares are not.
  mountpoint) [ "$2" = /var/lib/docker ] ;;
  dockerd) echo 'Docker version 27.5.1, build 27.5.1-r0' ;;
  nft) [ "$1" = list ] || exec cat "$2" >/rules ;;
  ip) [ "$*" != '-4 route show default' ] || echo 'default via 192.168.121.1 dev eth0 metric 202' ;;
esac
END
chmod 0755 "$root/usr/local/sbin/called"
for name in apk chattr docker dockerd e2fsck findfs hostname ip modprobe mount mountpoint nft rc-service rc-update resize2fs sync umount update-ca-certificates; do
  ln -s called "$root/usr/local/sbin/$name"
done
printf 'root:!::0:::::\n' >"$root/etc/shadow"
: >"$root/etc/ssh/sshd_config"
`

// newEngine is a root file system with the seed of m at /user-data.
func newEngine(t *testing.T, m plan.Machine) *guest {
	t.Helper()
	needNamespaces(t)
	g := &guest{root: filepath.Join(t.TempDir(), "root"), env: []string{"PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"}}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", engineRoot, "sh", g.root).CombinedOutput(); err != nil {
		t.Fatalf("make the engine's files in %s: error = %v, want none\n%s", g.root, err, out)
	}
	p, err := provision.Render(m, provision.Inputs{Secrets: labSecrets(t, m), ImageSHA512: digest()})
	if err != nil {
		t.Fatal(err)
	}
	text := p.File("seed/user-data")
	if m.Engine.Sibling() {
		if text != nil {
			t.Errorf("Render(): FreeBSD gets %d bytes of seed/user-data for an engine beside it, want none", len(text))
		}
		if text, err = provision.EngineSetup(m, provision.Inputs{Secrets: labSecrets(t, m), ImageSHA512: digest()}); err != nil {
			t.Fatal(err)
		}
	}
	g.write(t, "user-data", string(text))
	return g
}

// inEngine runs a script as root in the engine's files.
func (g *guest) inEngine(t *testing.T, script string) (out string, status int) {
	t.Helper()
	const enter = `mount -t proc proc "$1/proc" && : >"$1/dev/null" && mount --bind /dev/null "$1/dev/null" && exec chroot "$1" /bin/sh -c "$2"`
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c", enter, "sh", g.root, script)
	cmd.Env = g.env
	text, err := cmd.CombinedOutput()
	if status = cmd.ProcessState.ExitCode(); err != nil && status < 0 {
		t.Fatalf("unshare: error = %v, want none\n%s", err, text)
	}
	return string(text), status
}

// TestEngineSetup runs the seed as cloud-init does, and again: dockerd needs the
// packet filter and waits for the host's folders, and the shares are mounted
// before it starts.
func TestEngineSetup(t *testing.T) {
	t.Parallel()
	g := newEngine(t, machine())
	// What an older fbdock left.
	g.write(t, "etc/conf.d/docker", "# Settings of the package\n# BEGIN fbdock\nDOCKERD_BINARY=/usr/local/sbin/fbdock-dockerd\n# END fbdock\n")
	const service = "# Settings of the package\n# BEGIN fbdock\nrc_need=\"fbdock-firewall\"\nDOCKERD_BINARY=/usr/local/sbin/fbdock-dockerd\n# END fbdock\n"
	for _, run := range []string{"first", "second"} {
		if err := os.RemoveAll(filepath.Join(g.root, "calls")); err != nil {
			t.Fatal(err)
		}
		out, status := g.inEngine(t, "sh /user-data; status=$?; cat /var/log/fbdock-seed.log; exit $status")
		if status != 0 || !strings.HasSuffix(g.file(t, "dev/console"), "fbdock-seed done\n") {
			t.Fatalf("%s run of /user-data: status = %d, want 0 and a console that ends with fbdock-seed done:\n%s\n%s", run, status, out, g.file(t, "dev/console"))
		}
		if got := g.file(t, "etc/conf.d/docker"); got != service {
			t.Errorf("after the %s run conf.d/docker is\n%s\nwant\n%s", run, got, service)
		}
		calls := strings.Split(g.file(t, "calls"), "\n")
		order := []string{"nft -f /etc/fbdock/firewall.nft", "mount /scratch", "mount /mnt/fast", "rc-service docker start"}
		var at []int
		for _, call := range order {
			at = append(at, slices.Index(calls, call))
		}
		if at[0] < 0 || !slices.IsSorted(at) {
			t.Errorf("in the %s run %q are calls %v, want them in this order of\n%s", run, order, at, strings.Join(calls, "\n"))
		}
	}
}

// TestOneBlockInAFile: a second block would replace the first, so a seed that
// writes two into one file ends at the second.
func TestOneBlockInAFile(t *testing.T) {
	t.Parallel()
	g := newEngine(t, machine())
	script, _, found := strings.Cut(g.file(t, "user-data"), "\nsay \"begin ")
	if !found {
		t.Fatal(`seed/user-data has no line say "begin, want one`)
	}
	out, status := g.inEngine(t, script+"\nblock /etc/one 1\nblock /etc/two 2\nblock /etc/one 3\necho not reached\n")
	if status != 1 || !strings.Contains(g.file(t, "dev/console"), "fbdock-seed fail write /etc/one: it has its block already") {
		t.Errorf("block /etc/one twice: status = %d, console %s, want 1 and a refusal\n%s", status, g.file(t, "dev/console"), out)
	}
}
