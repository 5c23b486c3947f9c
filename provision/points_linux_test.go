package provision_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pointsWorld is an engine as far as fbdock-points sees one: the folders that
// it keeps things in are in memory, and go with the namespace; nothing else of
// this computer can be written.
const pointsWorld = `set -u
mount --make-rprivate /
mkdir -p /var/db
for d in /var/db /run /srv /home; do mount -t tmpfs lab "$d" || exit 77; done
mount -o remount,bind,ro / || exit 77
mkdir -p /var/db/fbdock /srv/disk
ln -s /srv/disk /var/db/fbdock/mounts
sed 's,/usr/bin/dockerd,/srv/dockerd,; s/^limit=.*/limit=3/' "$POINTS" >/srv/points
printf '#!/bin/sh\necho "dockerd $*"\n' >/srv/dockerd
chmod +x /srv/dockerd
points() { "$LAB_SHELL" /srv/points "$@" 2>&1; }
# refuses FOLDER says whether nothing can be made in it.
refuses() { mkdir "$1/n" 2>/dev/null || echo refused; }
# mounted FOLDER is a mount of FUSE's that nobody serves any more.
mounted() {
  exec 7<>/dev/fuse || exit 77
  mount -i -t fuse -o fd=7,rootmode=40000,user_id=0,group_id=0 lab "$1" || exit 77
  exec 7>&-
  mkdir -p /var/run/fbdock-mounts
  touch "/var/run/fbdock-mounts/$(printf '%s' "$1" | cksum | tr ' ' -).live"
}
`

// pointsRun runs a script in such an engine, and gives what it said.
func pointsRun(t *testing.T, shell, script string) string {
	t.Helper()
	needNamespaces(t)
	program, err := filepath.Abs("guest/fbdock-points")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", "sh", "-c", pointsWorld+script)
	cmd.Env = append(os.Environ(), "POINTS="+program, "LAB_SHELL="+shell)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() == 77 {
		t.Skipf("nothing can be mounted here: %s", out)
	}
	if err != nil {
		t.Errorf("%s in unshare: error = %v, want none", shell, err)
	}
	return regexp.MustCompile(`\d+ s at most`).ReplaceAllString(string(out), "N s at most")
}

// TestMountPoints runs fbdock-points as the engine does, in both shells.
func TestMountPoints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script, want string }{
		{"nothing is written to a point that nothing is mounted on", `
points declare live "/home/lab a/proj" live /home/lab/two
refuses "/home/lab a/proj"
echo x 2>/dev/null >/home/lab/two/f || echo refused
ls /home/lab/two 2>/dev/null || echo 'not looked at'
umount /home/lab/two && mkdir /home/lab/two/n 2>/dev/null || echo 'refused without its cover'
points close /home/lab/two
refuses /home/lab/two`, `refused
refused
not looked at
refused without its cover
refused
`},
		{"points of other mounts go, with what was made for them", `
points declare live /home/lab/p/sub live /home/lab/q
points declare live /home/lab/q
ls /home/lab
points declare live /home/lab
ls -A /home/lab 2>/dev/null
points prepare /home/lab && ls -A /home/lab; points close /home/lab
points declare
ls /home/lab 2>/dev/null || echo none`, `q
none
`},
		{"an empty folder that an older fbdock made is in nobody's way", `
mkdir -p /home/lab/proj/sub/deep /home/lab/proj/n
points prepare /home/lab/proj && ls -A /home/lab/proj && points close /home/lab/proj && refuses /home/lab/proj`, `refused
`},
		{"what containers wrote is moved aside", `
mkdir -p /home/lab/proj/n
echo data >/home/lab/proj/n/f
points prepare /home/lab/proj | sed 's/[0-9]*T[0-9]*Z/DATE/g'
ls -A /home/lab/proj
cat /srv/disk/aside/*/n/f
ls /home/lab`, `fbdock-mount moved what was written to /home/lab/proj while nothing was mounted there is in /srv/disk/aside/DATE_home_lab_proj now
data
proj
`},
		{"what a container still writes stays where it writes", `
mkdir -p /home/lab/proj/n /srv/container
mount --bind /home/lab/proj/n /srv/container
points prepare /home/lab/proj | sed 's/[0-9]*T[0-9]*Z/DATE/g'
echo late >/srv/container/f
cat /home/lab/proj.fbdock-*/n/f`, `fbdock-mount moved what was written to /home/lab/proj while nothing was mounted there is in /home/lab/proj.fbdock-DATE_home_lab_proj now
late
`},
		{"it stays also while a process ends whose table cannot be read", `
mkdir -p /home/lab/proj/n /srv/container /srv/bin
ln -s "$(command -v busybox)" /srv/bin/awk; PATH=/srv/bin:$PATH
mount --bind /home/lab/proj/n /srv/container
echo early >/srv/container/f
sh -c ': & exec sleep 60' &
until grep -q '^State:.*Z' /proc/[0-9]*/status 2>/dev/null; do sleep 0.1; done
points prepare /home/lab/proj | sed 's/[0-9]*T[0-9]*Z/DATE/g'
echo late >>/srv/container/f
cat /home/lab/proj.fbdock-*/n/f`, `fbdock-mount moved what was written to /home/lab/proj while nothing was mounted there is in /home/lab/proj.fbdock-DATE_home_lab_proj now
early
late
`},
		{"a point that stays is told of", `
points declare live /home/lab/p
points prepare /home/lab/p; mounted /home/lab/p
points declare; umount /home/lab/p
points declare live /home/lab/p
umount /home/lab/p; chattr -i /home/lab/p 2>/dev/null; echo x >/home/lab/p/f
points declare; cat /home/lab/p/f`, `fbdock-mount left /home/lab/p is mounted still
fbdock-mount left /home/lab/p is not empty
x
`},
		{"a dockerd that is stopped does not wait any more", `
points declare live /home/lab/p
sed -i 's/^limit=.*/limit=60/' /srv/points
"$LAB_SHELL" /srv/points dockerd >/dev/null &
until [ -e /var/run/fbdock-mounts/waiting ]; do sleep 0.1; done
kill $!; wait $!; echo "status $?"; ls /var/run/fbdock-mounts`, `status 143
`},
		{"one at a time makes points", `
points declare live /home/lab/p
exec 8>>/run/fbdock-points.lock; flock 8
(points prepare /home/lab/p; echo prepared) 8>&- &
until grep -qx flock /proc/[0-9]*/comm 2>/dev/null; do sleep 0.1; done
grep -c fbdock-unmounted /proc/self/mounts
flock -u 8; wait; grep -c fbdock-unmounted /proc/self/mounts || :`, `1
prepared
0
`},
		{"folders of the system are left alone", `
echo x >/srv/file
points prepare /srv; cat /srv/file
mkdir -p /var/db/other; echo x >/var/db/other/f
points prepare /var/db/other; cat /var/db/other/f`, `fbdock-mount fail not-empty /srv is not empty
x
fbdock-mount fail not-empty /var/db/other is not empty
x
`},
		{"a computer of the user's own keeps what fbdock did not make", `
touch /var/db/fbdock/undo
mkdir -p /home/lab/proj/sub
points prepare /home/lab/proj; ls /home/lab/proj
rmdir /home/lab/proj/sub
points declare live /home/lab/proj/sub
points declare live /home/lab/proj
ls -A /home/lab/proj 2>/dev/null; cat /var/db/fbdock/undo`, `fbdock-mount fail not-empty /home/lab/proj is not empty
sub
folder /home/lab/proj/sub -
`},
		{"dockerd starts at once where nothing is declared", `
points dockerd -a; points declare; points dockerd -b`, `dockerd -a
dockerd -b
`},
		{"dockerd waits for a mount", `
points declare live /home/lab/p
sed -i 's/^limit=.*/limit=60/' /srv/points
(until [ -e /var/run/fbdock-mounts/waiting ]; do sleep 0.1; done; cat /var/run/fbdock-mounts/waiting; points prepare /home/lab/p; mounted /home/lab/p; echo mounted) &
points dockerd; ls /var/run/fbdock-mounts | grep -v live || :`, `fbdock: dockerd waits for folders of the host, N s at most: /home/lab/p
dockerd waits for folders of the host, N s at most: /home/lab/p
mounted
dockerd 
`},
		{"dockerd waits for a copy", `
points declare copy /home/lab/p
mkdir -p /var/run/fbdock-mounts
sed -i 's/^limit=.*/limit=60/' /srv/points
(until [ -e /var/run/fbdock-mounts/waiting ]; do sleep 0.1; done; points free /home/lab/p; echo x >/home/lab/p/f; touch "/var/run/fbdock-mounts/$(printf /home/lab/p | cksum | tr ' ' -).live") &
points dockerd; cat /home/lab/p/f`, `fbdock: dockerd waits for folders of the host, N s at most: /home/lab/p
dockerd 
x
`},
		{"dockerd waits no longer than it says", `
points declare live /home/lab/p live /home/lab/p/inner
points dockerd
refuses /home/lab/p`, `fbdock: dockerd waits for folders of the host, N s at most: /home/lab/p /home/lab/p/inner
fbdock: dockerd starts without the folders of the host, which did not come within 3 s: /home/lab/p /home/lab/p/inner; containers that bind them do not start before they are mounted
dockerd 
refused
`},
		{"dockerd does not wait for what the host cannot mount", `
points declare live /home/lab/p
points refuse /home/lab/p 'no such folder'
points dockerd
refuses /home/lab/p
points prepare /home/lab/p; mounted /home/lab/p; points dockerd`, `fbdock: dockerd starts without a folder of the host: /home/lab/p: no such folder
dockerd 
refused
dockerd 
`},
		{"after a boot the list stands and the points are made anew", `
points declare live /home/lab/p
umount /home/lab/p; chattr -i /home/lab/p 2>/dev/null; rm -r /home/lab
points dockerd; refuses /home/lab/p`, `fbdock: dockerd waits for folders of the host, N s at most: /home/lab/p
fbdock: dockerd starts without the folders of the host, which did not come within 3 s: /home/lab/p; containers that bind them do not start before they are mounted
dockerd 
refused
`},
	} {
		for _, shell := range []string{"dash", "busybox-sh"} {
			t.Run(tt.name+"/"+shell, func(t *testing.T) {
				t.Parallel()
				got := pointsRun(t, shellOf(t, shell), tt.script)
				if got != tt.want {
					t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
				}
			})
		}
	}
}

func shellOf(t *testing.T, name string) string {
	t.Helper()
	if name == "dash" {
		return name
	}
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("no busybox here (apt-get install busybox)")
	}
	link := filepath.Join(t.TempDir(), "sh")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	return link
}

// TestMountPointsOfFreeBSD: a mount point in FreeBSD is immutable, and goes with
// fbdock from a computer of the user's own.
func TestMountPointsOfFreeBSD(t *testing.T) {
	t.Parallel()
	m := ownMachine()
	m.Shares[0].Type = "9p"
	g, out := play(t, m, "sysrc zfs_enable=YES; zpool create tank /dev/vtbd1; mkdir -p /home/vagrant/src", `
points() { sh /usr/local/libexec/fbdock/fbdock-points "$@"; }
points declare live /home/vagrant/src/proj live /data/one live /data/two
points declare live /home/vagrant/src/proj live /data/one
for d in /home/vagrant/src/proj /data/one; do mkdir "$d/x" 2>/dev/null || echo "$d refuses"; done
points prepare /data/one && ls -A /data/one
ls /data
`+uninstall(t, m.Instance)+"ls -d /home/vagrant/src /home/vagrant/src/* /data 2>/dev/null")
	mustSay(t, g, out, "\n/home/vagrant/src/proj refuses\n/data/one refuses\none\n", "uninstall 0\n/home/vagrant/src\n")
	if !strings.HasSuffix(out, "uninstall 0\n/home/vagrant/src\n") {
		t.Errorf("fbdock-uninstall: folders left\n%s\nwant only /home/vagrant/src", out)
	}
}
