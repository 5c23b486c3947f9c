package provision_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision/contract"
)

// play boots a guest, lets prepare change its files, runs the payload of m
// and returns what the steps said.
func play(t *testing.T, m plan.Machine, prepare, after string) (*guest, string) {
	t.Helper()
	needNamespaces(t)
	g := newGuest(t)
	g.upload(t, m)
	out, _ := g.run(t, prepare+"\n"+install+"\n"+after)
	return g, out
}

// conf changes the machine that the lab plays; it counts from the next boot on.
func conf(pairs ...string) string {
	var b strings.Builder
	for _, p := range pairs {
		name, _, _ := strings.Cut(p, "=")
		b.WriteString("/usr/bin/sed -i 's/^" + name + "=.*/" + p + "/' /etc/lab.conf\n")
	}
	return b.String() + "init boot >/dev/null\n"
}

func mustSay(t *testing.T, g *guest, out string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			t.Errorf("output\n%s\nwant %q in it\n%s", out, w, g.logs(t))
		}
	}
}

func TestBentoBoxIsRepairedWithOneReboot(t *testing.T) {
	t.Parallel()
	const bento = "vm.kmem_size=\"200M\"\nvm.kmem_size_max=\"200M\"\nvfs.zfs.arc_max=\"40M\"\nvfs.zfs.vdev.cache.size=\"5M\"\n"
	const own = "# mine\nautoboot_delay=\"1\"\nvfs.zfs.arc_max=\"400M\"\n"
	g, out := play(t, labMachine(), "printf '%s' '"+bento+own+"' >/boot/loader.conf\n"+conf("root=zfs"), "init boot >/dev/null\n"+install)
	first, second, _ := strings.Cut(out, fmt.Sprintf("status %d\n", contract.StatusReboot))
	mustSay(t, g, first, "fbdock-step base reboot ")
	mustSay(t, g, second, "fbdock-step base ok", "fbdock-step storage ok pool zroot", "status 0")
	if got := g.file(t, "boot/loader.conf"); got != own {
		t.Errorf("loader.conf =\n%s\nwant\n%s", got, own)
	}
	if got := g.file(t, "boot/loader.conf.before-fbdock"); got != bento+own {
		t.Errorf("loader.conf.before-fbdock =\n%s\nwant\n%s", got, bento+own)
	}
}

func TestWhereBhyveCannotRun(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), conf("vmm=no"), "service fbdock onestatus")
	mustSay(t, g, out, "hypervisor qemu since bhyve cannot run: ", "SVM: NRIP Save feature not available.",
		"fbdock-step engine ok started under qemu", "status 0", "running under qemu since bhyve cannot run")
	m := labMachine()
	m.Engine.Hypervisor = "bhyve"
	g, out = play(t, m, conf("vmm=no"), "")
	mustSay(t, g, out, "fbdock-step base fail bhyve cannot run in this guest: ", "SVM: NRIP Save", "| hint: KVM: modprobe", fmt.Sprintf("status %d", contract.StatusImpossible))
}

func TestUsersFirewallStays(t *testing.T) {
	t.Parallel()
	const rules = "ext = \"vtnet0\"\nset skip on lo0\nscrub in all\nnat on $ext inet from 192.168.9.0/24 to any -> ($ext)\n# filter\n" +
		"pass in quick \\\n  on $ext proto tcp to port 22\nblock in all\npass out all"
	g, out := play(t, labMachine(), "printf '%s' '"+strings.ReplaceAll(rules, "\\", `\`)+"' >/etc/pf.conf\nsysrc pf_enable=YES >/dev/null\nservice pf start >/dev/null",
		"pfctl -sn; pfctl -a fbdock -sn")
	mustSay(t, g, out, "status 0", `nat-anchor "fbdock"`, "nat on vtnet0 inet from 10.77.0.0/24")
	got := g.file(t, "etc/pf.conf")
	before, rest, _ := strings.Cut(got, "# BEGIN fbdock")
	_, after, _ := strings.Cut(rest, "# END fbdock\n")
	if before+after != rules {
		t.Errorf("pf.conf outside of fbdock's block =\n%s\nwant\n%s", before+after, rules)
	}
	if !strings.HasSuffix(before, "# filter\n") || !strings.HasPrefix(after, "pass in quick") {
		t.Errorf("pf.conf =\n%s\nwant fbdock's block between translation and filter", got)
	}
}

func TestDormantFirewallIsNotWoken(t *testing.T) {
	t.Parallel()
	const rules = "block all\n"
	g, out := play(t, labMachine(), "printf '"+rules+"' >/etc/pf.conf", "pfctl -sr; sysrc -n pf_rules")
	mustSay(t, g, out, "status 0", "/usr/local/etc/fbdock/pf.main.conf\n")
	if strings.Contains(out, "block drop all") || g.file(t, "etc/pf.conf") != rules {
		t.Errorf("install.sh with pf disabled: rules\n%s\nwant no block drop all and /etc/pf.conf unchanged", out)
	}
}

// TestDisksThatAreNotBlank: nothing that could be somebody's is ever taken.
func TestDisksThatAreNotBlank(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]string{
		"data at its start":  "printf x | /usr/bin/dd of=/var/lab/disks/vtbd1 bs=1 conv=notrunc 2>/dev/null",
		"data at its end":    "printf x | /usr/bin/dd of=/var/lab/disks/vtbd1 bs=1 seek=68719476000 conv=notrunc 2>/dev/null",
		"a line in fstab":    "echo '/dev/vtbd1 none swap sw 0 0' >>/etc/fstab",
		"a pool of another":  "zpool create tank /dev/vtbd1 && zpool export tank || echo no export",
		"too small for that": conf("disks=cd0 vtbd0"),
	} {
		g, out := play(t, labMachine(), prepare, "zpool status -P")
		mustSay(t, g, out, "status 0")
		if name == "a pool of another" && !strings.Contains(out, "no export") {
			mustSay(t, g, out, "on a file")
		}
		if name != "a pool of another" {
			mustSay(t, g, out, "on a file: slower, for tests")
		}
	}
	g, out := play(t, labMachine(), "", "")
	mustSay(t, g, out, "fbdock-step storage ok pool fbdock\n")
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	m := labMachine()
	m.Engine.Network = prefix("10.0.0.0/16")
	m.Engine.Gateway, m.Engine.Address = address("10.0.0.1"), address("10.0.0.2")
	g, out := play(t, m, "", "")
	mustSay(t, g, out, "fbdock-step network fail engine.network 10.0.0.0/16 overlaps the guest's own network 10.0.2.0/24 on vtnet0")
}

// change uploads another payload to a guest that was set up and runs it.
func change(t *testing.T, g *guest, m plan.Machine, before, after string) string {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(g.root, "var/db/fbdock/payload")); err != nil {
		t.Fatal(err)
	}
	g.upload(t, m)
	out, _ := g.run(t, before+"\n"+install+"\n"+after)
	return out
}

func TestChangesArrive(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "", "printf precious | /usr/bin/dd of=/dev/zvol/fbdock/fbdock/vm/data bs=1 conv=notrunc 2>/dev/null; touch /fbdock/fast/kept")
	mustSay(t, g, out, "status 0")
	m := labMachine()
	m.Engine.Network = prefix("10.78.0.0/24")
	m.Engine.Gateway, m.Engine.Address = address("10.78.0.1"), address("10.78.0.2")
	m.Engine.Image.Name = "alpine-3.25"
	m.Engine.Disk = 50 * hcl.GiB
	m.Engine.CPUs = 3
	m.Shares = nil
	m.Provisions = nil
	out = change(t, g, m, "until service fbdock onestatus | grep -q 'running under'; do sleep 1; done",
		"ifconfig bridge0; dd if=/dev/zvol/fbdock/fbdock/vm/data bs=8 count=1 2>/dev/null; echo; zfs get -H -p -o value volsize fbdock/fbdock/vm/data\n"+
			"dd if=/dev/zvol/fbdock/fbdock/vm/root bs=1m skip=1 count=1 2>/dev/null | head -c 11; echo; pfctl -a fbdock -sn; ls /fbdock/fast /usr/local/etc/fbdock; ps ax")
	mustSay(t, g, out, "fbdock-step engine ok", "status 0", "inet 10.78.0.1 ", "precious\n", "53687091200\n", "alpine-3.25\n",
		"nat on vtnet0 inet from 10.78.0.0/24", "kept\n", "bhyve -c 3 -m 2048M")
	_, out, _ = strings.Cut(out, "status 0\n") // what the steps said that they run is above
	for _, old := range []string{"inet 10.77.0.1", "virtio-9p", "provisions", "service fbdock onestart"} {
		if strings.Contains(out, old) {
			t.Errorf("output after the change =\n%s\nwant no %q in it", out, old)
		}
	}
}

func TestDamagedImageIsRefused(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "printf x | dd of=$(echo /var/db/fbdock/images/*.zst) bs=1 conv=notrunc 2>/dev/null", "ls /var/db/fbdock/images")
	mustSay(t, g, out, "fbdock-step image fail the engine image arrived damaged", "run fbdock up again", "status 1")
	if strings.Contains(out, ".zst\n") {
		t.Errorf("install.sh with a damaged image: images\n%s\nwant the file deleted", out)
	}
}

func TestEngineComesBackByItself(t *testing.T) {
	t.Parallel()
	const script = `
until_() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 150 ] || { echo "gave up waiting: $*"; break; }; /usr/bin/sleep 0.2; done; }
runs() { service fbdock onestatus | grep -q 'running under'; }
runs_anew() { now=$(cat /var/run/fbdock/vm.pid 2>/dev/null) && [ "$now" != "$old" ] && runs; }
ends() { mkdir -p /run/lab/end; echo "$1" >/run/lab/end/fbdock; }
is_down() { ! service fbdock onestatus >/dev/null; }
echo '--- reboot'; service fbdock onestop >/dev/null; init boot >/dev/null; until_ runs; service fbdock onestatus; pfctl -a fbdock -sn
echo '--- kill'; old=$(cat /var/run/fbdock/vm.pid); kill -9 $old; until_ runs_anew; service fbdock onestatus; grep backoff /var/log/fbdock-engine.log
echo '--- guest reboots'; old=$(cat /var/run/fbdock/vm.pid); ends 0; until_ runs_anew; grep 'the engine reboots' /var/log/fbdock-engine.log
echo '--- power off'; ends 1; until_ is_down; service fbdock onestatus; echo "[$?]"; ls /dev/vmm
echo '--- start again'; service fbdock onestart; until_ runs; service fbdock onestatus
echo '--- second'; service fbdock onestart; service fbdock onestop; service fbdock onestatus`
	g, out := play(t, labMachine(), "", script)
	for _, part := range []struct{ name, want string }{
		{"reboot", "running under bhyve"},
		{"reboot", "nat on vtnet0 inet from 10.77.0.0/24"},
		{"kill", "backoff: bhyve ended with status 137, next start in 2 s"},
		{"kill", "running under bhyve"},
		{"guest reboots", "the engine reboots"},
		{"power off", "stopped: the engine powered itself off"},
		{"power off", "[1]"},
		{"start again", "running under bhyve"},
		{"second", "is running already"},
		{"second", "stopped: asked to"},
	} {
		_, text, _ := strings.Cut(out, "--- "+part.name+"\n")
		text, _, _ = strings.Cut(text, "--- ")
		if !strings.Contains(text, part.want) {
			t.Errorf("%s: output\n%s\nwant %q in it\n%s", part.name, text, part.want, g.logs(t))
		}
	}
	if strings.Contains(out, "gave up waiting") || strings.Contains(out, "status 4") {
		t.Errorf("output\n%s\nwant no wait that timed out and no status 4", out)
	}
}

func TestPackages(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), conf("pkg=bare")+"echo network=no >>/etc/lab.conf", "")
	mustSay(t, g, out, "fbdock-step packages detail ", "Host does not resolve", "fbdock-step packages fail ", "| hint: does the guest reach pkg.FreeBSD.org?", "status 1")
	g, out = play(t, labMachine(), conf("pkg=bare"), "")
	mustSay(t, g, out, "fbdock-step packages ok", "status 0")
	g, out = play(t, labMachine(), conf("pkg_osversion=old"), "")
	mustSay(t, g, out, "fbdock-step packages ok", "status 0")
	g, out = play(t, labMachine(), conf("pkg_missing=docker-cli docker-compose"), "cat /usr/local/bin/docker")
	mustSay(t, g, out, "fbdock-step client ok the engine's own CLI by ssh", "Written by fbdock", "status 0")
}

// TestPoolWithoutFeatures: the pool of a cloud image, which makefs(8) has made,
// is upgraded on a machine of fbdock's own (issue 14).
func TestPoolWithoutFeatures(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), conf("root=zfs", "pool_features=none"), "zfs get -H -o value compression zroot/fbdock; echo again; "+install)
	first, second, _ := strings.Cut(out, "again\n")
	mustSay(t, g, first, "fbdock-step storage run zpool upgrade zroot\n", "fbdock-step storage ok pool zroot, upgraded by zpool upgrade\n", "status 0\nlz4\n")
	mustSay(t, g, second, "fbdock-step storage skip pool zroot\n", "status 0")
}

// required puts in place by hand what the step packages cannot do without.
const required = `for f in edk2-bhyve fusefs-sshfs; do cp -a /usr/lab/pkg/$f/. /; done
`

// TestOptionalPackages: without a package repository up arrives where only the
// docker CLI and Compose are missing, and one warning says what takes their
// place (issue 14).
func TestOptionalPackages(t *testing.T) {
	t.Parallel()
	m := labMachine()
	m.Podman = false // which would be required
	const warning = "fbdock-step packages warn the packages docker-cli and docker-compose are left out, as no package repository answers: "
	warned := func(g *guest, out string, want int) {
		t.Helper()
		mustSay(t, g, out, "status 0")
		if got := strings.Count(out, warning); got != want || strings.Count(out, " warn ") != want {
			t.Errorf("want %d lines with %q in:\n%s\n%s", want, warning, out, g.logs(t))
		}
	}
	g, out := play(t, m, required+conf("pkg=offline", "release=15.1-RELEASE"), "echo --- second; "+conf("pkg=ready")+install)
	first, second, _ := strings.Cut(out, "--- second\n")
	warned(g, first, 1)
	mustSay(t, g, first, "Host does not resolve; the engine's own docker and compose, by ssh, take their place", "fbdock-step client ok the engine's own CLI by ssh")
	warned(g, second, 0)
	mustSay(t, g, second, "fbdock-step client ok docker 29.4.2")
	g, out = play(t, m, required+"echo network=no >>/etc/lab.conf\n"+conf(), "")
	warned(g, out, 1)
	// What is required stays required.
	g, out = play(t, m, conf("pkg=offline"), "")
	mustSay(t, g, out, "fbdock-step packages fail ", "Host does not resolve", "status 1")
}

func TestFirstBootIsWaitedFor(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "touch /firstboot; (until grep -q 'waiting for the first boot' /var/log/fbdock.log; do /usr/bin/sleep 0.1; done; rm /firstboot) 2>/dev/null &", "")
	mustSay(t, g, out, "status 0")
	mustSay(t, g, g.file(t, "var/log/fbdock.log"), "waiting for the first boot to finish")
}
