package provision_test

import (
	"strings"
	"testing"
)

// engineOnThisSide is an ssh that plays the engine: it has FreeBSD's datasets
// by links and says that they are mounted.
const engineOnThisSide = `cat >/tmp/ssh <<'END'
#!/bin/sh
until [ "$1" = root@10.77.0.2 ]; do shift; done
shift 4
sed 's,/proc/mounts,/tmp/mounts,' | sh -s -- "$@"
END
chmod 0755 /tmp/ssh; rm -f /sbin/ssh /usr/bin/ssh; cp /tmp/ssh /sbin/ssh
ln -s /fbdock/scratch /scratch; ln -s /fbdock/fast /mnt-fast; mkdir -p /mnt; ln -s /fbdock/fast /mnt/fast
mounted() { printf '10.77.0.1:/fbdock/scratch /scratch %s rw 0 0\nfast /mnt/fast %s rw 0 0\n' "$1" "$2" >/tmp/mounts; }
mounted nfs 9p
check() { echo "--- $1"; sh /usr/local/libexec/fbdock/fbdock-shares; echo "status $?"; }
`

// TestSharesAreTried: fbdock-shares writes and reads from both sides, names
// the layer that fails, and leaves nothing.
func TestSharesAreTried(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "", "showmount -e localhost\n"+until+engineOnThisSide+`
check well
echo 'fast /mnt/fast 9p rw 0 0' >/tmp/mounts; check 'not mounted'
mounted nfs4 9p; check 'mounted otherwise'; mounted nfs 9p
rm /scratch; mkdir /scratch; check 'another folder'; rm -r /scratch; ln -s /fbdock/scratch /scratch
exported() { showmount -e localhost | grep -q '^/fbdock/scratch '; }
kept() { ! exported; }
cp /etc/exports /tmp/kept; : >/etc/exports; service mountd onereload; until_ kept; check 'not exported'
cp /tmp/kept /etc/exports; service mountd onereload; until_ exported
zfs unmount fbdock/fbdock/shares/fast; check 'dataset gone'; zfs mount fbdock/fbdock/shares/fast
printf '#!/bin/sh\nexit 255\n' >/sbin/ssh; check 'no engine'; cp /tmp/ssh /sbin/ssh
echo no >/var/db/fbdock/ninep; mounted nfs nfs; check 'qemu without 9P'
echo "--- left"; ls -A /fbdock/scratch /fbdock/fast /scratch`)
	mustSay(t, g, out, "/fbdock/scratch                    10.77.0.2 \n", "status 0")
	const scratch, fast = "fbdock-share scratch fbdock/fbdock/shares/scratch ", "fbdock-share fast fbdock/fbdock/shares/fast "
	for _, tt := range []struct {
		name   string
		wants  []string
		status string
	}{
		{"well", []string{scratch + "ok written and read from both sides by nfs\n", fast + "ok written and read from both sides by 9p\n"}, "0"},
		{"not mounted", []string{scratch + "fail engine-mount /scratch in the engine is not mounted, not nfs | hint: fbdock exec --on engine -- mount /scratch ", fast + "ok"}, "1"},
		{"mounted otherwise", []string{scratch + "fail engine-mount /scratch in the engine is nfs4, not nfs | hint: ", fast + "ok"}, "1"},
		{"another folder", []string{scratch + "fail engine-read what FreeBSD wrote: head: ", "No such file", fast + "ok"}, "1"},
		{"not exported", []string{scratch + "fail nfs-export FreeBSD does not export /fbdock/scratch: Exports list on localhost: | hint: ", fast + "ok"}, "1"},
		{"dataset gone", []string{fast + "fail freebsd-dataset fbdock/fbdock/shares/fast is not mounted: no | hint: ", scratch + "ok"}, "1"},
		{"no engine", []string{scratch + "fail engine-ssh no answer by ssh from 10.77.0.2 | hint: ", fast + "fail engine-ssh"}, "1"},
		{"qemu without 9P", []string{scratch + "ok", fast + "fail nfs-export"}, "1"},
	} {
		_, text, _ := strings.Cut(out, "--- "+tt.name+"\n")
		text, _, _ = strings.Cut(text, "--- ")
		for _, want := range append(tt.wants, "status "+tt.status+"\n") {
			if !strings.Contains(text, want) {
				t.Errorf("fbdock-shares with %s: output\n%s\nwant %q in it", tt.name, text, want)
			}
		}
	}
	if _, left, _ := strings.Cut(out, "--- left\n"); strings.Contains(left, "fbdock-share") {
		t.Errorf("fbdock-shares leaves\n%s\nwant no file", left)
	}
}

// TestSharesFollowNoLinks: what a container puts in the way of fbdock's files in a
// share, before or between its steps, leads root nowhere.
func TestSharesFollowNoLinks(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "", engineOnThisSide+`
echo mine >/victim
echo '--- guessed'
rm -f /usr/bin/date; printf '#!/bin/sh\necho 1700000000\n' >/usr/bin/date; chmod 0755 /usr/bin/date
sh -c 'ln -s /victim /fbdock/scratch/.fbdock-share-1700000000-$$-freebsd; exec sh /usr/local/libexec/fbdock/fbdock-shares'; echo "status $?"
echo '--- derived'
cat >/sbin/ssh <<'END'
#!/bin/sh
for f in /fbdock/scratch/.fbdock-share-*; do
  for name in "${f%freebsd}engine" "$f-engine"; do ln -s /victim "$name" 2>/dev/null; done
done
exec /tmp/ssh "$@"
END
sh /usr/local/libexec/fbdock/fbdock-shares; echo "status $?"
echo '--- swapped'
cat >/sbin/ssh <<'END'
#!/bin/sh
/tmp/ssh "$@"
for f in /fbdock/scratch/.fbdock-share-*; do
  if [ ! -L "$f" ]; then rm "$f"; ln -s /victim "$f"; fi
done
END
sh /usr/local/libexec/fbdock/fbdock-shares; echo "status $?"
echo '--- victim'; cat /victim`)
	checkParts(t, g, out, []part{
		{"guessed", "status 0\n"},
		{"derived", "status 0\n"},
		{"swapped", "fail freebsd-read what the engine wrote: it reads as something else | hint: "},
	})
	if got := parts(out)["victim"]; got != "mine\n" {
		t.Errorf("file outside of the share = %q, want %q: a link of a container was followed\n%s", got, "mine\n", out)
	}
	if strings.Contains(parts(out)["swapped"], "mine") {
		t.Errorf("fbdock-shares with a swapped file: output\n%s\nwant nothing of what the link points to", out)
	}
}
