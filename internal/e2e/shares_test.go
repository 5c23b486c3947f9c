//go:build e2e

package e2e

import (
	"strings"
	"testing"
)

// bothSides writes in FreeBSD and in a container, and reads on the other side.
func (g *guestTest) bothSides(t *testing.T) {
	for name, kind := range map[string]string{"a": "9p", "b": "nfs"} {
		mounts := g.must(t, "exec", "--on", "engine", "--", "cat", "/proc/mounts").stdout
		if !strings.Contains(mounts, " /"+name+" "+kind+" ") {
			t.Errorf("/proc/mounts of the engine, want share %s with type %s:\n%s", name, kind, mounts)
		}
		g.freebsd(t, "cd /fbdock/"+name+" && echo from FreeBSD >f && mkdir d && head -c 8000000 /dev/urandom >big && echo x >d/inner")
		sum, _, _ := strings.Cut(g.freebsd(t, "sha256sum /fbdock/"+name+"/big"), " ")
		out := g.must(t, "docker", "run", "--rm", "-v", "/"+name+":/s", "busybox", "sh", "-ec", `cd /s
cat f d/inner
sha256sum big | cut -d " " -f 1
cp big copy
echo from a container >c && mv c moved && ln -s f link && ln f hard && chmod 600 moved
mkdir tree && for i in $(seq 300); do echo $i >tree/file$i; done
ls tree | wc -l
rm -rf tree d`).stdout
		if want := "from FreeBSD\nx\n" + sum + "\n300\n"; out != want {
			t.Errorf("share %s: the container reads %q, want %q", name, out, want)
		}
		got := g.freebsd(t, "cd /fbdock/"+name+" && sync && cat moved hard && readlink link && sha256sum <copy && stat -f '%Lp %u' moved && { ls -d d tree 2>&1 || :; }")
		if want := "from a container\nfrom FreeBSD\nf\n" + sum + "  -\n600 0\n"; !strings.HasPrefix(got, want) || strings.Count(got, "No such file") != 2 {
			t.Errorf("share %s: FreeBSD reads %q, want %q", name, got, want)
		}
	}
	// Every user of a container is FreeBSD's root.
	g.must(t, "docker", "run", "--rm", "-u", "1000", "-v", "/b:/s", "busybox", "sh", "-c", "echo mine >/s/mine")
	if got := g.freebsd(t, "stat -f %u /fbdock/b/mine"); got != "0\n" {
		t.Errorf("owner in FreeBSD of a file that a container's user 1000 wrote = %q, want \"0\\n\"", got)
	}
	g.freebsd(t, "cd /fbdock && rm -rf a/* b/*")
}

// shareList finds what is broken by its layer.
func (g *guestTest) shareList(t *testing.T) {
	list := func(status int, wants ...string) {
		t.Helper()
		out := g.run(t, "share", "list")
		if out.status != status {
			t.Errorf("status %d, want %d", out.status, status)
		}
		for _, want := range wants {
			if !strings.Contains(out.stdout, want) {
				t.Errorf("fbdock share list = %q, want it to contain %q\n%s", out.stdout, want, out.stderr)
			}
		}
	}
	well := []string{"\na     9p    fbdock/fbdock/shares/a  /fbdock/a  /a      ok\n", "\nb     nfs   fbdock/fbdock/shares/b  /fbdock/b  /b      ok\n"}
	list(0, well...)
	if left := g.freebsd(t, "ls -A /fbdock/a /fbdock/b"); strings.Contains(left, "fbdock-share") {
		t.Errorf("ls -A of the shares after share list, want no fbdock-share file:\n%s", left)
	}
	g.freebsd(t, "cp /etc/exports /tmp/exports && : >/etc/exports && service mountd onereload && sleep 2")
	list(1, well[0], "FAIL at nfs-export: FreeBSD does not export /fbdock/b")
	g.freebsd(t, "/usr/local/libexec/fbdock/fbdock-steps") // as the hint says
	list(0, well...)
	g.must(t, "exec", "--on", "engine", "--", "umount", "/a")
	list(1, well[1], "FAIL at engine-mount: /a in the engine is not mounted, not 9p")
	g.must(t, "exec", "--on", "engine", "--", "mount", "/a")
	list(0, well...)
}
