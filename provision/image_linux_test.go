package provision_test

import (
	"strings"
	"testing"
)

// broughtByVagrant makes of the stream that fbdock sends the image file that
// Vagrant brings without fbdock. The stand-in of qemu-img copies.
const broughtByVagrant = `for z in /var/db/fbdock/images/*.zst; do zstd -d -c "$z" >"${z%.zst}.qcow2"; rm "$z" "$z.sum"; done
`

// TestImageNeedsNoPackage: the disk of the engine image arrives where no
// package converts images (issue 14).
func TestImageNeedsNoPackage(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), conf("pkg_missing=qemu-tools docker-compose"), "dd if=/dev/zvol/fbdock/fbdock/vm/root bs=1m skip=1 count=1 2>/dev/null | head -c 11; echo; ls /var/db/fbdock/images; pkg info")
	mustSay(t, g, out, "status 0", "fbdock-step image ok image ", "\nalpine-3.24\n", ".zst\n", ".zst.sum\n")
	_, packages, _ := strings.Cut(out, ".zst.sum\n")
	if strings.Contains(packages, "qemu") {
		t.Errorf("packages after the image = %s, want no qemu", packages)
	}
}

// TestImageOfVagrant: a project that has left fbdock has its image converted
// in FreeBSD.
func TestImageOfVagrant(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), broughtByVagrant, "dd if=/dev/zvol/fbdock/fbdock/vm/root bs=1m skip=1 count=1 2>/dev/null | head -c 11; echo; ls /var/db/fbdock/images; "+install)
	mustSay(t, g, out, "fbdock-step packages run pkg install -y qemu-tools", "fbdock-step image run qemu-img convert", "\nalpine-3.24\n", "status 0")
	if strings.Contains(out, "root.raw\nstatus") || strings.Count(out, "fbdock-step image run qemu-img") != 1 {
		t.Errorf("two runs with Vagrant's image: output\n%s\nwant no root.raw left and one qemu-img convert", out)
	}
}

// TestImageOverSnapshot: where snapshots hold the old root zvol nothing of the
// old image stays in the holes of the new one.
func TestImageOverSnapshot(t *testing.T) {
	t.Parallel()
	const second = "dd if=/dev/zvol/fbdock/fbdock/vm/root bs=1m skip=2 count=1 2>/dev/null | head -c 18 | tr '\\0' 0; echo\n"
	g, out := play(t, labMachine(), "", second+"zfs snapshot fbdock/fbdock/vm/root@kept")
	mustSay(t, g, out, "status 0", "\nof the first image\n")
	m := labMachine()
	m.Engine.Image.Name = "alpine-3.25"
	out = change(t, g, m, "", second)
	mustSay(t, g, g.file(t, "var/log/fbdock.log"), "the old root zvol stays and is written over")
	mustSay(t, g, out, "status 0", "\n000000000000000000\n")
}
