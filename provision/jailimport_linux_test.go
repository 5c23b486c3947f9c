package provision_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// TestJailImport: of a stream of zfs send -p no property is taken, and one of
// send -R leaves nothing, as its datasets say themselves where they are mounted.
func TestJailImport(t *testing.T) {
	t.Parallel()
	m := jailMachine()
	g := jailGuest(t, m)
	settings, err := provision.JailSettings(m, plan.Jail{Name: "three", Hostname: "three"})
	if err != nil {
		t.Fatal(err)
	}
	g.write(t, "root/three", string(settings))
	out, _ := g.run(t, install+`
j=/usr/local/libexec/fbdock/fbdock-jail db=fbdock/fbdock/jails/db
zfs set canmount=noauto $db; zfs snapshot $db@a; zfs send -p $db@a >/root/properties
zfs create -o mountpoint=/etc/below $db/below; zfs send -R $db@a >/root/several
echo REFUSED; cat /root/three /root/several | $j import three 14.2 $(wc -c </root/three)
echo LEFT; zfs list -H -o name -r fbdock/fbdock/jails; ls /var/db/fbdock/jails
echo TAKEN; cat /root/three /root/properties | $j import three 14.2 $(wc -c </root/three)
zfs get -H -o property,value,source canmount,mountpoint,fbdock:release fbdock/fbdock/jails/three; zfs get -H -s received all fbdock/fbdock/jails/three; stat -f '%Lp of %N' /var/jails
`)
	refused, taken, _ := strings.Cut(out, "TAKEN\n")
	_, refused, _ = strings.Cut(refused, "REFUSED\n")
	mustSay(t, g, refused, "fbdock-step jail fail import jail three: the stream holds more than one file system | hint: name a file that fbdock jail export has written")
	_, left, _ := strings.Cut(refused, "LEFT\n")
	if strings.Contains(left, "jails/three\n") || strings.Contains(left, "\nthree\n") {
		t.Errorf("fbdock-jail import of a stream of send -R leaves:\n%s\nwant nothing of jail three", left)
	}
	mustSay(t, g, taken, "fbdock-step jail ok three is made", "canmount\ton\tdefault", "mountpoint\t/var/jails/three\tlocal", "fbdock:release\t14.2\tlocal", "700 of /var/jails")
	if strings.Contains(taken, "\treceived") {
		t.Errorf("zfs get -s received after fbdock-jail import of a stream of send -p:\n%s\nwant no property of the stream's", taken)
	}
}
