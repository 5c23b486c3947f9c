package provision_test

import (
	"strings"
	"testing"
)

// TestHealthAsksEachLayerApart: what hangs, in FreeBSD or in the engine, has
// its timeout and hides no other layer. The engine is a shell here.
func TestHealthAsksEachLayerApart(t *testing.T) {
	t.Parallel()
	const script = until + `
until_ runs
cat >/tmp/ssh <<'END'
#!/bin/sh
while [ "$1" != root@10.77.0.2 ]; do shift; done
shift
PATH=/engine:$PATH exec "$@"
END
mkdir -p /engine /var/lib/docker
printf '#!/bin/sh\n/usr/bin/sleep 60\n' >/engine/docker
printf '#!/bin/sh\necho chain forward\n' >/engine/nft
printf '#!/bin/sh\necho "disk 100 40 40 1048576"\n' >/engine/stat
printf '#!/bin/sh\n/usr/bin/sleep 60\n' >/tmp/zpool
chmod 755 /tmp/ssh /tmp/zpool /engine/*
rm -f /sbin/ssh /sbin/zpool; cp /tmp/ssh /tmp/zpool /sbin/
sed -i .old -e 's/^limit=30/limit=8/' -e 's/timeout 20 docker/timeout 2 docker/' /usr/local/libexec/fbdock/fbdock-health
echo '--- hang'; service nfsd onestop >/dev/null; began=$(date +%s)
/usr/local/libexec/fbdock/fbdock-health; echo "status $?"; [ $(($(date +%s) - began)) -lt 25 ] && echo 'in time'; ls /var/run/fbdock | grep -c health
echo '--- console'; ps ax -o pid=,command= | awk '/libexec.fbdock.fbdock-console/ && $1 != 1 { print $1 }' | while read -r pid; do kill -9 "$pid"; done 2>/dev/null; printf 'Booting\r\nKernel panic - not syncing: VFS\n[end trace]\n' >>/var/log/fbdock-console.log; /usr/local/libexec/fbdock/fbdock-health hypervisor console age
echo '--- question'; echo 0 >/var/run/fbdock/console.from; printf 'key exists.\nOverwrite (y/n)? ' >/var/log/fbdock-console.log; /usr/local/libexec/fbdock/fbdock-health console
echo '--- answered'; printf 'Overwrite (y/n)? y\nengine login: ' >/var/log/fbdock-console.log; /usr/local/libexec/fbdock/fbdock-health console
`
	g, out := play(t, labMachine(), "", script)
	checkParts(t, g, out, []part{
		{"hang", "fbdock-health pool fail no answer within 8 s | hint: "},
		{"hang", "fbdock-health nfs fail nfsd does not run: the shares that go by NFS hang | hint: fbdock up\n"},
		{"hang", "fbdock-health pf ok NAT on vtnet0\n"},
		{"hang", "fbdock-health supervisor ok pid "},
		{"hang", "fbdock-health engine-ssh ok root@10.77.0.2\n"},
		{"hang", "fbdock-health clock ok "},
		{"hang", "fbdock-health disk ok /var/lib/docker 60% full, 40 MiB free\n"},
		{"hang", "fbdock-health dockerd fail dockerd does not answer in the engine | hint: fbdock up"},
		{"hang", "fbdock-health firewall ok "},
		{"hang", "fbdock-health shares fail cannot write and read in the engine: /scratch /mnt/fast | hint: "},
		{"hang", "status 1\nin time\n0\n"},
		{"console", "fbdock-health hypervisor ok running under bhyve\nfbdock-health boot fail the engine says on its console: Kernel panic - not syncing: VFS | hint: "},
		{"console", "fbdock-health age ok "},
		{"question", "fbdock-health boot fail the engine says on its console: Overwrite (y/n)? | hint: "},
		{"answered", "fbdock-health console ok last line: engine login:"},
	})
	if got := parts(out)["answered"]; strings.Contains(got, "boot fail") {
		t.Errorf("fbdock-health after an answered question =\n%s\nwant no boot fail", got)
	}
}

// TestHealthFollowsNoLinks: what a container puts in the way of the file that
// tries a share leads root nowhere. The engine is this system here.
func TestHealthFollowsNoLinks(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "", until+engineOnThisSide+`
until_ runs
cat >/sbin/ssh <<'END'
#!/bin/sh
until [ "$1" = root@10.77.0.2 ]; do shift; done
shift 4
sed 's,/proc/mounts,/tmp/mounts,' | PATH=/engine:$PATH sh -s -- "$@"
END
# timeout here knows the pid of the shell that it becomes, as a container may guess it.
mkdir /engine
cat >/engine/timeout <<'END'
#!/bin/sh
[ "$1" = -s ] || exec /usr/bin/timeout "$@"
shift 3
for folder; do :; done
ln -s /victim "$folder/.fbdock-health-$$"
exec "$@"
END
chmod 0755 /engine/timeout
echo mine >/victim
printf '#!/bin/sh\nexec /usr/bin/sleep 60\n' >/usr/bin/nft; chmod 0755 /usr/bin/nft
echo '--- health'; /usr/local/libexec/fbdock/fbdock-health engine
echo '--- victim'; cat /victim
echo '--- left'; find /fbdock -type f -name '.fbdock*'`)
	checkParts(t, g, out, []part{
		{"health", "fbdock-health shares ok 2 shares\n"},
		{"health", "fbdock-health firewall fail no answer within 5 s from nft in the engine: "},
		{"victim", "mine\n"},
	})
	if left := parts(out)["left"]; left != "" {
		t.Errorf("fbdock-health leaves files in the shares:\n%s\nwant none", left)
	}
}
