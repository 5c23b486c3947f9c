package provision_test

import (
	"strings"
	"testing"
)

// TestJailMirror: base.txz comes from the mirror of fbdock.hcl where that is the
// file of FreeBSD's own MANIFEST, and from FreeBSD where it is not or is not there.
func TestJailMirror(t *testing.T) {
	t.Parallel()
	const (
		own    = "/var/lab/download/ftp/releases/amd64/amd64/14.2-RELEASE/"
		mirror = "/var/lab/mirrors/mirror.example.com/FreeBSD/releases/amd64/amd64/14.2-RELEASE/"
	)
	for name, c := range map[string]struct{ prepare, want, log string }{
		"from the mirror": {"mv " + own + "base.txz " + mirror, "fbdock-step jails ok web db", ""},
		"another file": {
			"cp " + own + "base.txz " + mirror + "; echo x >>" + mirror + "base.txz", "fbdock-step jails ok web db",
			"base.txz is not the file that FreeBSD's MANIFEST names; FreeBSD's own is taken",
		},
		"not there": {"true", "fbdock-step jails ok web db", "base.txz: Not Found; FreeBSD's own is taken"},
		"nowhere":   {"rm " + own + "base.txz", "fbdock-step jails fail fetch https://download.freebsd.org/ftp/releases/amd64/amd64/14.2-RELEASE/base.txz: ", ""},
		"no MANIFEST but the mirror's": {
			"mv " + own + "* " + mirror, "fbdock-step jails fail fetch https://download.freebsd.org/ftp/releases/amd64/amd64/14.2-RELEASE/MANIFEST: ", "",
		},
	} {
		m := jailMachine()
		m.Mirrors.FreeBSD = "https://mirror.example.com/FreeBSD/"
		g := jailGuest(t, m)
		out, _ := g.run(t, "mkdir -p "+mirror+"; "+c.prepare+"\n"+install)
		mustSay(t, g, out, c.want, c.log)
		if tells := strings.Contains(out, "FreeBSD's own is taken"); tells != (c.log != "" || name == "nowhere") {
			t.Errorf("install.sh with the mirror's base %s says that FreeBSD's own is taken: %v\n%s", name, tells, out)
		}
	}
}
