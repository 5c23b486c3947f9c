package provision_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// jailsNow is all that a command of fbdock-jail could leave, half made too.
const jailsNow = `echo "<"; zfs list -H -t all -o name; jls name; sysrc jail_list; ls -A /etc/jail.conf.d /var/jails /var/jails/.base /var/db/fbdock/jails /var/db/fbdock/jails/*; ` +
	`ls -d /var/db/fbdock/jail-media /var/run/fbdock/jail-settings.* 2>/dev/null; sha256 /var/db/fbdock/jails/*/settings; echo ">"` + "\n"

// TestJailCommandsRefused: what fbdock-jail cannot do is one error, and nothing is
// half made.
func TestJailCommandsRefused(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	m.Jails[0].Packages, m.Jails[0].Provisions = nil, nil
	g := jailGuest(t, m)
	g.publish(t, "14.1")
	for name, j := range map[string]plan.Jail{
		"ok": {Hostname: "x"}, "newer": {Hostname: "x", Release: "15.1"}, "none": {Hostname: "x", Release: "13.5"}, "older": {Hostname: "x", Release: "14.1"},
		"taken":   {Hostname: "x", Address: address("10.79.0.10")},
		"folder":  {Hostname: "x", Mounts: []plan.JailMount{{Source: "/nowhere", Target: "/src"}}},
		"package": {Hostname: "x", Boot: true, Address: address("10.79.0.99"), Packages: []string{"nosuch"}},
	} {
		j.Name = "x"
		settings, err := provision.JailSettings(m, j)
		if err != nil {
			t.Fatal(err)
		}
		g.write(t, "root/"+name, string(settings))
	}
	const full, room = "echo pool_space=none >>/etc/lab.conf\n", "grep -v pool_space /etc/lab.conf >/root/conf; cat /root/conf >/etc/lab.conf\n"
	// Half of it is there when the pool is full (libarchive(3), "Write failed"). The
	// stand-in is a link to a file that all guests share: it goes first.
	const fullTar = "rm /sbin/tar; printf '#!/bin/sh\nmkdir -p /var/jails/.base/14.1/usr/bin; echo x >/var/jails/.base/14.1/usr/bin/cc\n" +
		"echo \"./usr/bin/cc: Write failed: No space left on device\" >&2; exit 1\n' >/sbin/tar; chmod 0755 /sbin/tar\n"
	cases := []struct{ name, prepare, command, after, want string }{
		{"release newer than the kernel", "", "create x </root/newer", "", "release 15.1 is newer than the guest's kernel, 14.2"},
		{"release that FreeBSD does not publish", "", "create x </root/none", "", "13.5-RELEASE/MANIFEST: "},
		{"address taken", "", "create x </root/taken", "", "jail x: address 10.79.0.10 is that of jail web"},
		{"folder that is not there", "", "create x </root/folder", "", "jail x: /nowhere does not exist in the guest"},
		{"package that is none", "", "create x </root/package", "", "pkg -j x install -y nosuch: "},
		{"name taken", "", "create db </root/ok", "", "jail db is there already"},
		{"name of a number", "", "create 7 </root/ok", "", "7 is a number"},
		{"name of a path", "", "create ../x </root/ok", "", "../x is no name of a jail"},
		{"dataset of somebody else", "zfs create fbdock/fbdock/jails/x", "create x </root/ok", "zfs destroy fbdock/fbdock/jails/x; rmdir /var/jails/x", "fbdock/fbdock/jails/x is there already, and fbdock has no record of it"},
		{"configuration of somebody else", "echo mine >/etc/jail.conf.d/x.conf", "create x </root/ok", "rm /etc/jail.conf.d/x.conf", "/etc/jail.conf.d/x.conf is there already, and fbdock did not write it"},
		{
			"wrong MANIFEST", "cd /var/lab/download/ftp/releases/amd64/amd64/14.1-RELEASE; cp base.txz /root/base; echo x >>base.txz", "create x </root/older", "cp /root/base base.txz; cd /",
			"base.txz of 14.1 is not the file that its MANIFEST names",
		},
		{"wrong MANIFEST without base.txz", "cd /var/lab/download/ftp/releases/amd64/amd64/14.1-RELEASE; cp MANIFEST /root/manifest; echo '<html>' >MANIFEST", "create x </root/older", "cp /root/manifest MANIFEST; cd /", "MANIFEST does not name base.txz"},
		{"full pool", full, "create x </root/ok", room, "cannot create 'fbdock/fbdock/jails/x': out of space"},
		{"full pool: base", full, "create x </root/older", room, "create fbdock/fbdock/jail-base/14.1: cannot create 'fbdock/fbdock/jail-base/14.1': out of space"},
		{"full pool: base that is unpacked", fullTar, "create x </root/older", "ln -sf standin /sbin/tar", "unpack base.txz of 14.1: ./usr/bin/cc: Write failed: No space left on device"},
		{"full pool: clone", full, "clone web x </root/ok", room, "cannot create snapshot 'fbdock/fbdock/jails/web@clone-x': out of space"},
		{"full pool: snapshot", full, "snapshot web now", room, "snapshot of jail web: cannot create snapshot 'fbdock/fbdock/jails/web@now': out of space"},
		{"full pool: export", full, "export web >/root/none", room, "cannot create snapshot 'fbdock/fbdock/jails/web@export-"},
		{"full pool: import", full, "import x 14.2 $length </root/stream", room, "import jail x: cannot receive new filesystem stream: out of space"},
		{"no stream", "", "import x 14.2 $length </root/ok", "", "import jail x: cannot receive: invalid stream"},
		{"half a stream", "head -c $(($(wc -c </root/stream) / 2)) /root/stream >/root/half", "import x 14.2 $length </root/half", "", "import jail x: cannot receive new filesystem stream: incomplete stream"},
		{"stream of a newer release", "", "import x 15.1 $length </root/stream", "", "release 15.1 is newer than the guest's kernel, 14.2"},
		{"import of a name taken", "", "import db 14.2 $length </root/stream", "", "jail db is there already"},
		{"clone of none", "", "clone nobody x </root/ok", "", "there is no jail nobody"},
		{"snapshot of a bad name", "", "snapshot web a/b", "", "a/b is no name of a snapshot"},
		{"snapshot of a reserved name", "", "snapshot web clone-x", "", "fbdock's own"},
		{"rollback to none", "", "rollback web nowhere", "", "jail web has no snapshot nowhere"},
		{"limits without racct", "", "limits web 67108864 -", "", "jail web is in fbdock.hcl"},
		{"destroy of one declared", "", "destroy web", "", "jail web is in fbdock.hcl"},
	}
	var script strings.Builder
	script.WriteString(install + "\nlength=$(wc -c </root/ok); export length\n" + inJail + "export web >/root/stream 2>/dev/null; cat /root/ok /root/stream >/root/all; mv /root/all /root/stream\n")
	for _, c := range cases {
		script.WriteString("echo '# " + c.name + "'\n" + c.prepare + "\n" + jailsNow + inJail + strings.Replace(c.command, " >", " 2>&1 >", 1) + "\necho \"ended $?\"\n" + jailsNow + c.after + "\n")
	}
	out, _ := g.run(t, script.String())
	mustSay(t, g, out, "fbdock-step jails ok web db")
	for _, c := range cases {
		_, said, _ := strings.Cut(out, "# "+c.name+"\n")
		said, _, _ = strings.Cut(said, "\n# ")
		said += "\n"
		_, before, _ := strings.Cut(said, "<\n")
		before, rest, _ := strings.Cut(before, ">\n")
		words, after, _ := strings.Cut(rest, "<\n")
		after, _, _ = strings.Cut(after, ">\n")
		if strings.Count("\n"+words, "\nfbdock-step jail fail ") != 1 || !strings.Contains(words, c.want) || !strings.Contains(words, "ended 1\n") {
			t.Errorf("fbdock-jail %s (%s) =\n%s\nwant status 1 and one error with %q", c.command, c.name, words, c.want)
		}
		if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(after, "\n")); diff != "" || before == "" {
			t.Errorf("fbdock-jail %s (%s): jails before and after it (-want +got):\n%s", c.command, c.name, diff)
		}
	}
}
