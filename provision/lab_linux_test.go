package provision_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// The steps run here as they are, as root of a file system of their own
// (namespaces and chroot), on the lab's stand-ins for FreeBSD's commands. Where the
// kernel does not let a test make namespaces these tests are skipped and say so.

// tools are Debian's programs behind the stand-ins, and those that behave
// the same on both systems.
var tools = []string{
	"awk", "basename", "cat", "chmod", "chown", "cksum", "cmp", "cp", "cut", "date", "dd", "df", "diff", "dirname", "env", "find", "getent", "grep", "head",
	"hostname", "id", "ln", "ls", "makefs", "mkdir", "mktemp", "mv", "ps", "readlink", "rm", "rmdir", "sed", "setpriv", "setsid", "sha256sum", "sha512sum", "sleep",
	"sort", "stat", "stty", "sync", "tail", "tar", "timeout", "touch", "tr", "truncate", "wc",
}

// labDir holds the template; TestMain removes it.
var labDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "fbdock-lab-") })

func TestMain(m *testing.M) {
	intoMemory()
	// The steps wait for each other's processes most of the time.
	flag.Parse()
	if limit := flag.Lookup("test.parallel"); limit.Value.String() == limit.DefValue {
		_ = limit.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0)))
	}
	m.Run()
	if dir, err := labDir(); err == nil {
		_ = os.RemoveAll(dir)
	}
}

// lab is a template of the guest's file system, made once.
var lab = sync.OnceValues(func() (string, error) {
	dir, err := labDir()
	if err != nil {
		return "", err
	}
	// The shell does the copying: it is what the rest is about.
	script := `set -eu
root=$1 standin=$2 files=$3
shift 3
mkdir -p "$root/sbin" "$root/usr/bin" "$root/usr/sbin" "$root/proc" "$root/dev" "$root/tmp" "$root/var/log" "$root/var/db" "$root/root" \
  "$root/home/vagrant" "$root/run" "$root/lab"
ln -s usr/bin "$root/bin"
ln -s ../run "$root/var/run"
cp -a "$files/." "$root/"
mkdir -p "$root/etc/defaults" "$root/etc/ssh" "$root/boot" "$root/usr/local/etc/rc.d"
cp "$standin" "$root/sbin/standin"
"$root/sbin/standin" --links "$root/lab" 
for link in "$root"/lab/*; do ln -s standin "$root/sbin/${link##*/}"; done
for path in usr/sbin/daemon usr/sbin/sysrc usr/sbin/service usr/sbin/bhyve usr/sbin/bhyvectl usr/sbin/pkg usr/bin/fetch usr/bin/lockf usr/bin/cu usr/bin/rctl; do
  ln -s /sbin/standin "$root/$path"
done
"$root/sbin/standin" --rc-defaults >"$root/etc/defaults/rc.conf"
# What the stand-in of pkg installs.
packaged() {
  mkdir -p "$root/usr/lab/pkg/$1/${2%/*}"
  case $2 in
    */bin/*) ln -s /sbin/standin "$root/usr/lab/pkg/$1/$2" ;;
    *) echo "$1" >"$root/usr/lab/pkg/$1/$2" ;;
  esac
}
packaged edk2-bhyve usr/local/share/uefi-firmware/BHYVE_UEFI.fd
packaged edk2-bhyve usr/local/share/uefi-firmware/BHYVE_UEFI_CODE.fd
packaged edk2-bhyve usr/local/share/uefi-firmware/BHYVE_UEFI_VARS.fd
packaged qemu-tools usr/local/bin/qemu-img
packaged qemu-nox11 usr/local/bin/qemu-img
packaged qemu-nox11 usr/local/bin/qemu-system-x86_64
packaged qemu-nox11 usr/local/share/qemu/edk2-x86_64-code.fd
packaged fusefs-sshfs usr/local/bin/sshfs
packaged docker-cli usr/local/bin/docker
packaged docker-compose usr/local/lib/docker/cli-plugins/docker-compose
with_libs() {
  cp -L "$1" "$2"
  ldd "$1" 2>/dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }' | while read -r lib; do
    [ -e "$root$lib" ] || { mkdir -p "$root${lib%/*}" && cp -L "$lib" "$root$lib"; }
  done
}
for tool in "$@"; do with_libs "$(command -v "$tool")" "$root/usr/bin/${tool##*/}"; done
with_libs "$(command -v dash)" "$root/bin/dash"
with_libs "$(command -v busybox)" "$root/bin/busybox"
ln -s dash "$root/bin/sh"
# Waits are there to pass: the short ones are made shorter.
mkdir -p "$root/usr/lab/debian"
printf '#!/bin/sh\ncase $1 in\n  1) exec /usr/bin/sleep 0.4 ;;\n  ?) exec /usr/bin/sleep "0.$1" ;;\n  *) exec /usr/bin/sleep "$1" ;;\nesac\n' >"$root/usr/lab/debian/sleep"
chmod 0755 "$root/usr/lab/debian/sleep"
# sshd checks a configuration, by a command that faults count, else it waits
# for signals.
cat >"$root/usr/sbin/sshd" <<'END'
#!/bin/sh
if [ "$1" = -t ]; then
  /sbin/grep -q . "${3:-/etc/ssh/sshd_config}"
  exit
fi
(trap '' HUP; while :; do sleep 10; done) </dev/null >/dev/null 2>&1 &
echo $! >/var/run/sshd.pid
END
printf '#!/bin/sh\n' >"$root/usr/bin/ssh-keygen"
chmod 0755 "$root/usr/sbin/sshd" "$root/usr/bin/ssh-keygen"
printf 'root:x:0:0::/root:/bin/sh\nvagrant:x:1001:1001::/home/vagrant:/bin/sh\n' >"$root/etc/passwd"
printf 'wheel:x:0:\nvagrant:x:1001:\n' >"$root/etc/group"
printf 'nameserver 10.0.2.3\n' >"$root/etc/resolv.conf"
[ -e "$root/etc/ssh/sshd_config" ] || printf 'Subsystem sftp internal-sftp\n' >"$root/etc/ssh/sshd_config"
`
	standin := filepath.Join(dir, "standin")
	build := exec.Command("go", "build", "-o", standin, "../internal/lab/standin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // it runs where there is no libc
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the stand-ins: %w\n%s", err, out)
	}
	root := filepath.Join(dir, "root")
	args := append([]string{"-c", script, "sh", root, standin, "../testdata/lab/guest/files"}, tools...)
	if out, err := exec.Command("sh", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("make the lab: %w\n%s", err, out)
	}
	return root, nil
})

// guest is one played FreeBSD.
type guest struct {
	root string
	// env are the lab's switches for the next run.
	env []string
}

// newGuest copies the template.
func newGuest(t *testing.T) *guest {
	t.Helper()
	template, err := lab()
	if err != nil {
		t.Fatal(err)
	}
	g := &guest{root: filepath.Join(t.TempDir(), "root")}
	copyGuest(t, template, g.root)
	return g
}

// newGuestFrom is another guest with the same files.
func newGuestFrom(t *testing.T, other *guest) *guest {
	t.Helper()
	g := &guest{root: filepath.Join(t.TempDir(), "root")}
	copyGuest(t, other.root, g.root)
	return g
}

// run boots the guest and runs a script as root in it, in namespaces of its
// own: every process is gone when it ends.
func (g *guest) run(t *testing.T, script string) (out string, status int) {
	t.Helper()
	return g.runBare(t, "init boot >/dev/null\n"+script)
}

// runBare is run without a boot: the guest is as the last run left it, but
// for its processes.
func (g *guest) runBare(t *testing.T, script string) (out string, status int) {
	t.Helper()
	enter := `mount -t proc proc "$1/proc" && : >"$1/dev/null" && mount --bind /dev/null "$1/dev/null" && exec chroot "$1" /usr/bin/setsid -w /bin/sh -c "$2"`
	args := []string{"--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c", enter, "sh", g.root, script}
	cmd := exec.CommandContext(t.Context(), "unshare", args...)
	cmd.Env = append([]string{"LAB_FAKE=1", "PATH=/sbin:/bin:/usr/sbin:/usr/bin", "SUDO_USER=vagrant"}, g.env...)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	err := cmd.Run()
	if status = cmd.ProcessState.ExitCode(); err != nil && status < 0 && !strings.Contains(err.Error(), "signal") {
		t.Fatalf("unshare: error = %v, want none", err)
	}
	return buf.String(), status
}

// needNamespaces skips where the kernel allows none.
func needNamespaces(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("the steps run as root: run this test as root, it touches nothing outside of its folder")
	}
	for _, tool := range append([]string{"dash", "busybox", "unshare"}, tools...) {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the lab needs %s, which is not installed", tool)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "unshare", "--mount", "--pid", "--fork", "true").CombinedOutput(); err != nil {
		t.Skipf("no namespaces for the lab here: %v %s", err, out)
	}
}

// file reads one file of the guest.
func (g *guest) file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(g.root, name))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// logs are the ends of the guest's logs.
func (g *guest) logs(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"var/log/fbdock.log", "var/log/fbdock-engine.log"} {
		lines := strings.Split(g.file(t, name), "\n")
		fmt.Fprintf(&b, "%s:\n%s\n", name, strings.Join(lines[max(0, len(lines)-25):], "\n"))
	}
	return b.String()
}

func (g *guest) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(g.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// labMachine is what the played guest can be: it has no engine that answers.
func labMachine() plan.Machine {
	m := machine()
	m.Provisions = m.Provisions[:1]
	m.Provisions[0].Inline = "echo tools >/root/tools\n"
	return m
}

// upload puts a payload and the disk of an engine image where fbdock would.
func (g *guest) upload(t *testing.T, m plan.Machine) provision.Payload {
	t.Helper()
	// A GPT, a name, and at 2 MiB something that only the first image has.
	image := make([]byte, 4<<20)
	copy(image[512:], "EFI PART")
	copy(image[1<<20:], m.Engine.Image.Name)
	if m.Engine.Image.Name == labMachine().Engine.Image.Name {
		copy(image[2<<20:], "of the first image")
	}
	sum := fmt.Sprintf("%x", sha512.Sum512(image))
	p, err := provision.Render(m, provision.Inputs{Secrets: labSecrets(t, m), ImageSHA512: sum})
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	stream := z.EncodeAll(image, nil)
	g.write(t, provision.ImagePath(sum), string(stream))
	g.write(t, provision.ImagePath(sum)+".sum", fmt.Sprintf("%x %d\n", sha256.Sum256(stream), len(image)))
	g.unpack(t, p)
	return p
}

func (g *guest) unpack(t *testing.T, p provision.Payload) {
	t.Helper()
	for _, f := range p.Files {
		path := filepath.Join(g.root, "var/db/fbdock/payload", f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, f.Mode); err != nil {
			t.Fatal(err)
		}
	}
}

var sharedSecrets = sync.OnceValue(func() *provision.Secrets { return new(provision.Secrets) })

// labSecrets are the same for every guest of a test run, so that results
// compare.
func labSecrets(t *testing.T, m plan.Machine) provision.Secrets {
	t.Helper()
	s := sharedSecrets()
	if s.CA.Cert == nil {
		*s = secrets(t, m)
	}
	return *s
}
