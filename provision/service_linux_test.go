package provision_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestServiceBelievesWhatRuns: neither a file that a killed hypervisor left nor a
// process of another user is the engine, and a stop ends though a process does not.
func TestServiceBelievesWhatRuns(t *testing.T) {
	t.Parallel()
	const script = until + `
until_ runs
service fbdock onestop >/dev/null
echo '--- another user'
printf '#!/bin/sh\n/usr/bin/sleep 60\n:\n' >/tmp/bhyve; chmod 0755 /tmp/bhyve
setpriv --reuid=1001 --clear-groups /tmp/bhyve fbdock & other=$!
named_bhyve() { ps -o comm= -p $other | grep -qx bhyve; }
until_ named_bhyve
service fbdock onestatus; echo "status $?"; service fbdock onestop; kill -0 $other && echo alive; kill $other
echo '--- left behind'
mkdir -p /dev/vmm; : >/dev/vmm/fbdock
service fbdock onestatus; echo "status $?"; rm /dev/vmm/fbdock
echo '--- fbdock-supervisor cannot be killed'
echo FBDOCK_STOP_TIMEOUT=1 >>/usr/local/etc/fbdock/fbdock.env
# Process 1 of a namespace ignores signals, and has this script in its arguments.
echo 1 >/var/run/fbdock/supervisor.pid
service fbdock onestop; echo "status $?"
`
	g, out := play(t, labMachine(), "", script)
	checkParts(t, g, out, []part{
		{"another user", "fbdock is not running: stopped: asked to.\nstatus 1\nfbdock is not running.\nalive\n"},
		{"left behind", "fbdock is not running: its hypervisor was killed and left /dev/vmm/fbdock, which the next start or stop removes.\nstatus 1\n"},
		{"fbdock-supervisor cannot be killed", "fbdock does not stop: SIGKILL does not end 1 \nstatus 1\n"},
	})
}

// TestServicesOfTheEngine: the step says what it did and what it could not do, and
// leaves a dockerd alone that waits for the host. The engine is this system here.
func TestServicesOfTheEngine(t *testing.T) {
	t.Parallel()
	const script = until + `
until_ runs
touch -d '10 minutes ago' /var/run/fbdock/started
cat >/tmp/ssh <<'END'
#!/bin/sh
until [ "$1" = root@10.77.0.2 ]; do shift; done
shift
PATH=/engine:$PATH exec "$@"
END
mkdir -p /engine /var/lib/fbdock /var/run/fbdock-mounts /usr/local/sbin; : >/var/lib/fbdock/seeded
printf '#!/bin/sh\nexit 0\n' >/usr/local/sbin/fbdock-shares
printf '#!/bin/sh\n[ "$1" != -f ] || { echo nft "$@" >>/calls; [ ! -e /repairs ] || : >/works; }\n[ -e /works ] && echo chain forward\n' >/engine/nft
printf '#!/bin/sh\n[ -e /works ]\n' >/engine/docker
printf '#!/bin/sh\necho "$@" >>/calls; [ ! -e /repairs ] || : >/works\n[ -e /works ]\n' >/engine/rc-service
chmod 0755 /tmp/ssh /engine/* /usr/local/sbin/fbdock-shares; rm -f /sbin/ssh; cp /tmp/ssh /sbin/ssh
step() { : >/calls; sh /usr/local/libexec/fbdock/steps/95-services.sh | grep -v ' run \| begin'; cat /calls; }
echo '--- broken'; step
echo '--- waiting'; : >/var/run/fbdock-mounts/waiting; step; rm /var/run/fbdock-mounts/waiting
echo '--- repaired'; : >/repairs; step
echo '--- well'; step
`
	g, out := play(t, labMachine(), "", script)
	for name, want := range map[string]string{
		"broken":   "fbdock-step services skip the packet filter could not be loaded dockerd could not be started \nnft -f /etc/fbdock/firewall.nft\ndocker restart\n",
		"waiting":  "fbdock-step services skip the packet filter could not be loaded dockerd waits for folders of the host \nnft -f /etc/fbdock/firewall.nft\n",
		"repaired": "fbdock-step services ok the packet filter was loaded again \nnft -f /etc/fbdock/firewall.nft\n",
		"well":     "fbdock-step services skip as they are to be\n",
	} {
		if got := parts(out)[name]; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s\n%s", name, got, want, g.logs(t))
		}
	}
}

// TestPortOfMountd: a port of the user's own is found as mountd(8) finds it.
func TestPortOfMountd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ flags, port, want string }{
		{"-r -S", "7335", "-p 7335 -r -S"},
		{"", "7335", "-p 7335"},
		{"-r -p 999 -S", "999", "-r -p 999 -S"},
		{"-rp999", "999", "-rp999"},
		{"-rSp 999", "999", "-rSp 999"},
		{"-r -h ::1 -p 999", "999", "-r -h ::1 -p 999"},
		{"-h my-proxy-1 -r", "7335", "-p 7335 -h my-proxy-1 -r"},
		{"-r /etc/exports-p2", "7335", "-p 7335 -r /etc/exports-p2"},
	} {
		for _, shell := range []string{"dash", "busybox-sh"} {
			cmd := exec.CommandContext(t.Context(), shellOf(t, shell), "-c", `etc=/nowhere; sysrc() { echo "$FLAGS"; }; . guest/pf.sh; mountd_port; mountd_flags`)
			cmd.Env = append(cmd.Environ(), "FLAGS="+tt.flags)
			out, err := cmd.CombinedOutput()
			if got, want := string(out), tt.port+"\n"+tt.want+"\n"; err != nil || got != want {
				t.Errorf("%s: mountd_flags %q: got %q, %v, want %q", shell, tt.flags, strings.TrimSpace(got), err, want)
			}
		}
	}
}
