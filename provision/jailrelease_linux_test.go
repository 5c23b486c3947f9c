package provision_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
)

// olderJails has the jail db of release, with a script.
func olderJails(release string) plan.Machine {
	m := jailMachine()
	m.Jails = m.Jails[1:]
	m.Jails[0].Release = release
	m.Jails[0].Provisions = []plan.Provision{{Name: "tools", Inline: "echo \"$JAIL has tools\" >/root/tools\n"}}
	return m
}

// TestJailRelease: a jail whose release changes is made anew where the user has
// agreed to that, and what it was is kept.
func TestJailRelease(t *testing.T) {
	t.Parallel()
	g := jailGuest(t, olderJails("14.1"))
	g.publish(t, "14.1")
	const state = "\n" + inJail + "list; zfs list -H -t all -o name,origin,mountpoint,canmount -r fbdock/fbdock/jails fbdock/fbdock/jails-kept; ls -A /var/jails/db/root /var/db/fbdock/jails/db; cmp /etc/resolv.conf /var/jails/db/etc/resolv.conf && echo resolves\n"
	out, _ := g.run(t, install+"\njexec db /bin/sh -c 'echo precious >/root/mine'; echo edited >/var/jails/db/etc/resolv.conf"+state)
	mustSay(t, g, out, "fbdock-step jails ok db", "fbdock-jail db running 14.1 inherit declared boot ", "\nmine\ntools\n")

	g.uploadJails(t, olderJails("14.2"))
	out, _ = g.run(t, install+state)
	mustSay(t, g, out, "fbdock-step jails fail jail db is of release 14.1, and its settings say 14.2 | hint: fbdock up asks whether to make it anew; or set release to \"14.1\"", "fbdock-jail db running 14.1 ", "status 1")

	for _, other := range []string{"db 14.1 14.1\n", "web 14.1 14.2\n", "db 14.0 14.2\n"} {
		g.write(t, "var/db/fbdock/payload/jail-renewals", other)
		out, _ = g.run(t, install)
		mustSay(t, g, out, "fbdock-step jails fail jail db is of release 14.1, and its settings say 14.2")
	}

	g.write(t, "var/db/fbdock/payload/jail-renewals", "db 14.1 14.2\n")
	out, _ = g.run(t, install+state+"zfs mount fbdock/fbdock/jails-kept/db-14.1; read -r line </var/jails/.kept/db-14.1/root/mine; echo \"kept: $line\"\n")
	mustSay(t, g, out, "fbdock-step jails warn jail db is made anew of FreeBSD 14.2; what it was is kept in fbdock/fbdock/jails-kept/db-14.1 | hint: sudo zfs mount fbdock/fbdock/jails-kept/db-14.1 ",
		"fbdock-step jails ok db", "status 0", "fbdock-jail db running 14.2 inherit declared boot ", "fbdock/fbdock/jails/db\tfbdock/fbdock/jail-base/14.2@base\t/var/jails/db\ton\n",
		"fbdock/fbdock/jails-kept/db-14.1\tfbdock/fbdock/jail-base/14.1@base\t/var/jails/.kept/db-14.1\tnoauto\n", "fbdock/fbdock/jails-kept/db-14.1@before-14.2\t", "resolves\n", "kept: precious\n")
	if strings.Contains(out, "\nmine\n") || !strings.Contains(out, "\ntools\n") {
		t.Errorf("files in /root of jail db after the change of its release, want tools, of the script, and no other:\n%s", out)
	}

	// The consent was to one change: back again is another.
	out, _ = g.run(t, install+state)
	mustSay(t, g, out, "fbdock-step jails skip db", "fbdock-jail db running 14.2 ")
	g.uploadJails(t, olderJails("14.1"))
	out, _ = g.run(t, install)
	mustSay(t, g, out, "fbdock-step jails fail jail db is of release 14.2, and its settings say 14.1")
	g.write(t, "var/db/fbdock/payload/jail-renewals", "db 14.2 14.1\n")
	out, _ = g.run(t, install+state)
	mustSay(t, g, out, "fbdock-step jails ok db", "fbdock-jail db running 14.1 ", "fbdock/fbdock/jails-kept/db-14.2@before-14.1\t", "fbdock/fbdock/jails-kept/db-14.1@before-14.2\t")
}

// TestFaultsOfJailRelease is TestFaultsOfJails for a jail whose release changes.
func TestFaultsOfJailRelease(t *testing.T) {
	needNamespaces(t)
	if testing.Short() {
		t.Skip("takes minutes")
	}
	base := newGuest(t)
	base.publish(t, "14.1")
	base.publish(t, "14.2")
	base.uploadJails(t, olderJails("14.1"))
	if out, status := base.run(t, install); status != 0 || !strings.Contains(out, "status 0") {
		t.Fatalf("the jail of the older release: status = %d, want 0:\n%s\n%s", status, out, base.logs(t))
	}
	base.upload(t, olderJails("14.2"))
	base.write(t, "var/db/fbdock/payload/jail-renewals", "db 14.1 14.2\n")
	base.write(t, "var/db/fbdock/payload/libexec/fbdock-steps", "#!/bin/sh\n")
	if out, status := base.run(t, once("install", "")); status != 0 {
		t.Fatalf("the payload of the newer release: status = %d, want 0:\n%s", status, out)
	}
	var points atomic.Int64
	t.Run("steps", func(t *testing.T) { faultsOf(t, base, "93-jails", &points) })
	t.Logf("%d points tried", points.Load())
}
