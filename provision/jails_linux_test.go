package provision_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/lab/basetest"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
	"github.com/fbdock/fbdock/provision/contract"
)

// jailMachine has two jails, the second with limits and a folder.
func jailMachine() plan.Machine {
	m := labMachine()
	m.Podman, m.Provisions = false, nil
	m.JailNetwork = prefix("10.79.0.0/24")
	m.Jails = []plan.Jail{
		{Name: "web", Hostname: "web.example", Address: address("10.79.0.10"), Boot: true, Packages: []string{"jq"}, Allow: []string{"raw_sockets"},
			Provisions: []plan.Provision{{Name: "tools", Inline: "echo \"$JAIL has tools\" >>/root/tools\n"}}},
		{Name: "db", Release: "14.2", Hostname: "db", Boot: true},
	}
	return m
}

// publish puts a release where the lab's fetch finds it.
func (g *guest) publish(t *testing.T, release string) {
	t.Helper()
	basetest.Publish(t, g.root, release, nil)
}

// jailGuest is a guest with its payload and what FreeBSD has published.
func jailGuest(t *testing.T, m plan.Machine) *guest {
	t.Helper()
	needNamespaces(t)
	g := newGuest(t)
	g.publish(t, "14.2")
	g.uploadJails(t, m)
	return g
}

// uploadJails is upload with those steps alone that jails need: the engine's
// would be most of the time.
func (g *guest) uploadJails(t *testing.T, m plan.Machine) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(g.root, "var/db/fbdock/payload")); err != nil {
		t.Fatal(err)
	}
	g.upload(t, m)
	g.write(t, "var/db/fbdock/payload/libexec/fbdock-steps", "#!/bin/sh\nfor step in 10-base 30-storage 40-network 93-jails; do sh /usr/local/libexec/fbdock/steps/$step.sh || exit $?; done\n")
}

const inJail = "/usr/local/libexec/fbdock/fbdock-jail "

// TestJails: jails are made as the configuration says, a second run changes
// nothing, they are there after a boot, and what is not declared is left alone.
func TestJails(t *testing.T) {
	t.Parallel()
	g := jailGuest(t, jailMachine())
	const state = "\n" + inJail + "list; jls jid name path; ifconfig bridge1; sysrc jail_enable jail_list cloned_interfaces; pfctl -a fbdock -sn; pfctl -a fbdock -sr | grep -E 'bridge1|fbjail'; " +
		"zfs list -H -o name,origin -r fbdock/fbdock/jails; cat /etc/jail.conf.d/web.conf; jexec web /bin/sh -c 'while read -r l; do echo \"in web: $l\"; done </root/tools'\n"
	out, _ := g.run(t, install+state)
	mustSay(t, g, out, "fbdock-step jails ok web db", "status 0", "fbdock-jail web running 14.2 10.79.0.10 declared boot ", "fbdock-jail db running 14.2 inherit declared boot ",
		"web /var/jails/web", "inet 10.79.0.1 ", "member: epair10010a ", "jail_enable: YES", "jail_list: web db", "nat on vtnet0 inet from 10.79.0.0/24 to ! 10.79.0.0/24 -> (vtnet0)",
		"block drop in quick on bridge1 inet from any to 10.77.0.0/24", "block drop in quick on fbjail inet from any to 10.77.0.0/24", "fbdock/fbdock/jails/web\tfbdock/fbdock/jail-base/14.2@base", "allow.raw_sockets;", "in web: web has tools")

	out, _ = g.run(t, "jls name; sleep 1; "+install+state)
	before, _, _ := strings.Cut(out, "fbdock-step install")
	if !strings.Contains(before, "web\n") || !strings.Contains(before, "db\n") {
		t.Errorf("jls after a boot = %q, want web and db\n%s", before, g.logs(t))
	}
	mustSay(t, g, out, "fbdock-step jails skip web db", "status 0", "in web: web has tools")
	if strings.Count(out, "in web: ") != 1 {
		t.Errorf("runs of the script of jail web = %d, want 1:\n%s", strings.Count(out, "in web: "), out)
	}

	m := jailMachine()
	m.Jails = m.Jails[1:]
	g.uploadJails(t, m)
	out, _ = g.run(t, install+"\n"+inJail+"list")
	mustSay(t, g, out, "fbdock-step jails skip db", "fbdock-jail web running 14.2 10.79.0.10 by-hand boot ")
}

// TestJailsSwapAddresses: a declared jail may get the address that another one
// gives up, and not that of a jail which is not declared any more.
func TestJailsSwapAddresses(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	m.Jails[0].Packages, m.Jails[0].Provisions = nil, nil
	m.Jails[1].Address = address("10.79.0.11")
	g := jailGuest(t, m)
	const list = "\n" + inJail + "list; ifconfig bridge1 | grep member\n"
	out, _ := g.run(t, install+list)
	mustSay(t, g, out, "fbdock-jail web running 14.2 10.79.0.10 ", "fbdock-jail db running 14.2 10.79.0.11 ")
	m.Jails[0].Address, m.Jails[1].Address = m.Jails[1].Address, m.Jails[0].Address
	g.uploadJails(t, m)
	out, _ = g.run(t, install+list)
	mustSay(t, g, out, "fbdock-step jails ok web db", "fbdock-jail web running 14.2 10.79.0.11 ", "fbdock-jail db running 14.2 10.79.0.10 ", "member: epair10010a ", "member: epair10011a ")

	m.Jails = m.Jails[1:]
	m.Jails[0].Address = address("10.79.0.11")
	g.uploadJails(t, m)
	out, _ = g.run(t, install+list)
	mustSay(t, g, out, "fbdock-step jails fail jail db: address 10.79.0.11 is that of jail web", "fbdock-jail db running 14.2 10.79.0.10 ")
}

// TestJailsByHand: each command of fbdock-jail, with settings as the host sends them.
func TestJailsByHand(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	g := jailGuest(t, m)
	for name, j := range map[string]plan.Jail{
		"one": {Name: "one", Hostname: "one", Address: address("10.79.0.254"), Boot: true}, "two": {Name: "two", Hostname: "two", Address: address("10.79.0.253")},
		"three": {Name: "three", Hostname: "three"},
	} {
		settings, err := provision.JailSettings(m, j)
		if err != nil {
			t.Fatal(err)
		}
		g.write(t, "root/"+name, string(settings))
	}
	out, status := g.run(t, install+`
set -x
j=/usr/local/libexec/fbdock/fbdock-jail
$j create one </root/one
jexec one /bin/sh -c 'echo first >/root/file'
$j snapshot one before
jexec one /bin/sh -c 'echo lost >/root/file'
$j rollback one before
jexec one /bin/sh -c 'read -r l </root/file; echo "one has $l"; echo second >/root/file'
$j clone one two </root/two
$j rollback one before
$j start two
jexec two /bin/sh -c 'read -r l </root/file; echo "two has $l"'
$j stop two; $j restart two
$j export two >/root/export
cat /root/three /root/export | $j import three 14.2 $(wc -c </root/three)
$j start three
jexec three /bin/sh -c 'read -r l </root/file; echo "three has $l"'
$j limits three
$j list
$j bases
$j destroy one
$j destroy three; $j destroy two
$j destroy web
$j list; jls name; ls /etc/jail.conf.d /var/jails /var/db/fbdock/jails; sysrc jail_list; zfs list -H -r -o name fbdock/fbdock/jails
`)
	mustSay(t, g, out, "fbdock-step jail ok one is made of FreeBSD 14.2", "fbdock-step jail ok one@before", "fbdock-step jail ok one is as it was at before", "fail roll jail one back to before: cannot rollback",
		"one has first", "two has second", "three has second", "fbdock-jail three running 14.2 inherit by-hand manual ", "fbdock-jail-base 14.2 amd64 ", "fbdock-step jail ok one is gone",
		"fbdock-step jail ok two is gone", "fbdock-step jail fail jail web is in fbdock.hcl | hint: remove its block there, then fbdock up", "fbdock-jail-limit off kern.racct.enable")
	_, end, _ := strings.Cut(out, "jail web is in fbdock.hcl | hint")
	for _, left := range []string{"one", "two", "three"} {
		if strings.Contains(end, left) {
			t.Errorf("after fbdock-jail destroy (status %d): %s is left, want it gone:\n%s", status, left, end)
		}
	}
}

// TestJailsRefused: what cannot be is one error, and nothing is half made.
func TestJailsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*plan.Machine)
		prepare string
		want    string
	}{
		"newer":    {func(m *plan.Machine) { m.Jails[1].Release = "15.1" }, "", "fbdock-step jails fail jail db: release 15.1 is newer than the guest's kernel, 14.2"},
		"missing":  {func(m *plan.Machine) { m.Jails[1].Release = "14.1" }, "", "14.1-RELEASE/MANIFEST"},
		"manifest": {nil, "echo x >>/var/lab/download/ftp/releases/amd64/amd64/14.2-RELEASE/base.txz", "base.txz of 14.2 is not the file that its MANIFEST names"},
		"foreign":  {nil, "mkdir -p /etc/jail.conf.d; echo mine >/etc/jail.conf.d/db.conf", "/etc/jail.conf.d/db.conf is there already, and fbdock did not write it"},
		"bridge":   {nil, "ifconfig bridge1 create", "bridge1 is there already"},
		"overlap": {func(m *plan.Machine) {
			m.JailNetwork = prefix("10.0.0.0/16")
			m.Jails[0].Address = address("10.0.0.10")
		}, "", "jail_network 10.0.0.0/16 overlaps the guest's own network 10.0.2.0/24"},
		"package": {func(m *plan.Machine) { m.Jails[0].Packages = []string{"nosuch"} }, "", "pkg -j web install -y nosuch: "},
		"script":  {func(m *plan.Machine) { m.Jails[0].Provisions[0].Inline = "exit 3" }, "", "jail web: script tools ended with status 3"},
	} {
		m := jailMachine()
		if c.change != nil {
			c.change(&m)
		}
		g := jailGuest(t, m)
		out, _ := g.run(t, c.prepare+"\n"+install+"\nzfs list -H -o name\n")
		mustSay(t, g, out, c.want, "status 1")
		if strings.Count(out, "fbdock-step jails fail") != 1 {
			t.Errorf("install.sh with %s: errors of jails = %d, want 1:\n%s", name, strings.Count(out, "fbdock-step jails fail"), out)
		}
		if (name == "newer" || name == "foreign") && strings.Contains(out, "fbdock/fbdock/jails\n") || name == "manifest" && strings.Contains(out, "jail-base/14.2") {
			t.Errorf("install.sh with %s: output\n%s\nwant no half-made dataset", name, out)
		}
	}
}

// TestJailPins: a base system that is not the one of the lock file is refused,
// and the pins are no reason for another run.
func TestJailPins(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	g := jailGuest(t, m)
	sum := strings.Repeat("ab", 64)
	in := provision.Inputs{Secrets: labSecrets(t, m), ImageSHA512: digest()}
	without, err := provision.Render(m, in)
	if err != nil {
		t.Fatal(err)
	}
	in.JailPins = "14.2 amd64 " + sum + "\n"
	with, err := provision.Render(m, in)
	if err != nil || with.Hash() != without.Hash() {
		t.Fatalf("Render(): hash %s with pins, %s without, error = %v, want equal hashes", with.Hash(), without.Hash(), err)
	}
	g.write(t, "var/db/fbdock/payload/jail-pins", in.JailPins)
	out, _ := g.run(t, install)
	mustSay(t, g, out, "fbdock-step jails fail base.txz of 14.2 is not the file that is pinned: sha512 ", "not "+sum)
}

// TestJailLimits: the reboot that limits need is asked for first, and they are
// in force after it.
func TestJailLimits(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	m.Jails[0].Memory, m.Jails[0].CPUs = 512*hcl.MiB, 2
	g := jailGuest(t, m)
	out, _ := g.run(t, install+"\ninit boot >/dev/null\n"+install+"\nrctl; service jail onestop web; rctl; echo again; service jail onestart web; rctl\n")
	first, second, _ := strings.Cut(out, fmt.Sprintf("status %d\n", contract.StatusReboot))
	mustSay(t, g, first, "fbdock-step base reboot limits of jails need kern.racct.enable=1")
	mustSay(t, g, second, "status 0", "jail:web:memoryuse:deny=536870912", "jail:web:pcpu:deny=200")
	if strings.Count(second, "pcpu:deny=200\n") != 2 {
		t.Errorf("rctl around a restart of jail web:\n%s\nwant pcpu:deny=200 twice, only while it runs", second)
	}
}

// TestJailsOnExternalHost: the survey says what jails change there, jails of
// the user's own stay, and an uninstall takes fbdock's away.
func TestJailsOnExternalHost(t *testing.T) {
	t.Parallel()
	needNamespaces(t)
	m := ownMachine()
	m.Podman, m.Shares = false, nil
	m.JailNetwork, m.Jails = prefix("10.79.0.0/24"), jailMachine().Jails
	m.Jails[0].Memory = 64 * hcl.MiB
	g := newGuest(t)
	g.publish(t, "14.2")
	if out, status := g.run(t, lived); status != 0 {
		t.Fatalf("prepare an external host: status = %d, want 0:\n%s", status, out)
	}
	says := g.surveyed(t, m)
	for _, want := range []string{"change jail web: dataset tank/fbdock/jails/web at /var/jails/web, /etc/jail.conf.d/web.conf", "change network: bridge79 with 10.79.0.1/24",
		"change /boot/loader.conf: kern.racct.enable=1", "change rc.conf: jail_enable=\"YES\"", "has untouched /etc/ssh/sshd_config"} {
		if !strings.Contains(says, want) {
			t.Errorf("Survey() prints\n%s\nwant %q in it", says, want)
		}
	}
	g.uploadJails(t, m)
	loader := g.file(t, "boot/loader.conf")
	out, _ := g.run(t, "echo 'mine {}' >/etc/jail.conf\n"+install+"\njls name\ncat /boot/loader.conf\nsh /usr/local/libexec/fbdock/fbdock-uninstall "+m.Instance+" jails; echo \"uninstall $?\"\n"+
		"jls name; ls /etc/jail.conf.d; zfs list -H -o name; sysrc -a | grep -E 'jail|bridge79'; ifconfig -l")
	before, after, _ := strings.Cut(out, "uninstall 0\n")
	mustSay(t, g, before, "fbdock-step jails ok web db", "limits of jails hold after a reboot of this computer", "web\ndb\n", "kern.racct.enable=1", "status 0")
	for _, left := range []string{"web", "db", "jail_", "bridge79", "fbdock/jails/"} {
		if strings.Contains(after, left) {
			t.Errorf("fbdock-uninstall leaves %q, want it gone:\n%s", left, after)
		}
	}
	if got := g.file(t, "boot/loader.conf"); got != loader {
		t.Errorf("loader.conf after fbdock-uninstall = %q, want %q", got, loader)
	}
}
