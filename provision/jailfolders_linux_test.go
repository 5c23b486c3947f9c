package provision_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
)

// TestJailFolder: a jail that wants a folder of the host waits for it.
func TestJailFolder(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	m.Jails = m.Jails[:1]
	m.Jails[0].Mounts = []plan.JailMount{{Source: "/home/me/src", Target: "/src", ReadOnly: true, Mount: "/home/me/src"}}
	g := jailGuest(t, m)
	out, _ := g.run(t, install+"\n"+inJail+"list; "+inJail+"start web; cat /etc/fstab.web; sysrc jail_list; /usr/local/libexec/fbdock/fbdock-health jails\n")
	mustSay(t, g, out, "fbdock-step jails ok web; of these web are started when the host's folders are there", "fbdock-jail web waiting ",
		"fbdock-health jails ok  none of them of web ; waiting for folders of the host: web",
		"fbdock-step jail fail jail web: the host's folder at /home/me/src is not mounted", "/home/me/src /var/jails/web/src nullfs ro 0 0", "jail_list: \n")

	// Without a mount of the machine's there is nothing to wait for, and links of the jail's are not followed.
	m.Jails[0].Mounts[0].Mount = ""
	m.Jails[0].Mounts[0].Target = "/data/src"
	if err := os.MkdirAll(filepath.Join(g.root, "home/me/src"), 0o755); err != nil {
		t.Fatal(err)
	}
	g.uploadJails(t, m)
	out, _ = g.run(t, "ln -s /etc /var/jails/web/data\n"+install+"\n"+inJail+"list; ls -d /etc/src 2>/dev/null; rm /var/jails/web/data\n"+install+"\n"+inJail+"list")
	first, second, _ := strings.Cut(out, "status 1\n")
	mustSay(t, g, first, "fbdock-step jails fail jail web: its mount point /data/src leads through a link, /var/jails/web/data")
	mustSay(t, g, second, "fbdock-jail web running 14.2 ")
	if strings.Contains(out, "/etc/src\n") {
		t.Errorf("install.sh with a link in the mount's target:\n%s\nwant no /etc/src, the link not followed", out)
	}
}

// TestJailSettle: when folders have come after a boot, the jails that see them are
// started, and not those that the user has stopped since.
func TestJailSettle(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	m.Jails = m.Jails[:1]
	m.Jails[0].Mounts = []plan.JailMount{{Source: "/home/me/src", Target: "/src"}}
	g := jailGuest(t, m)
	const list = inJail + "list\n"
	// kern.boottime is compared in seconds: the second boot has to be in another one.
	out, _ := g.run(t, "mkdir -p /home/me/src\n"+install+"\n"+inJail+"stop web\n"+inJail+"settle boot\n"+list+"echo \"# by up\"\n"+inJail+"settle\n"+list+
		"sleep 1; init boot >/dev/null\necho \"# boot\"\n"+list+"echo \"# folders\"\n"+inJail+"settle boot\n"+list)
	stopped, rest, _ := strings.Cut(out, "# by up\n")
	up, rest, _ := strings.Cut(rest, "# boot\n")
	boot, folders, _ := strings.Cut(rest, "# folders\n")
	for _, c := range []struct{ after, text, want string }{
		{"stop and settle boot", stopped, "stopped"}, {"settle", up, "running"}, {"a boot", boot, "stopped"}, {"a boot and settle boot", folders, "running"},
	} {
		if !strings.Contains(c.text, "fbdock-jail web "+c.want+" ") {
			t.Errorf("fbdock-jail list after %s, want web %s:\n%s", c.after, c.want, c.text)
		}
	}
}
