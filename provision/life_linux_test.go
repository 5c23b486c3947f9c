package provision_test

import (
	"strings"
	"testing"
)

// until waits for a command of a script, which the test fails for when it
// never comes true.
const until = `
until_() { n=0; until "$@"; do n=$((n + 1)); [ $n -lt 300 ] || { echo "gave up waiting: $*"; break; }; /usr/bin/sleep 0.2; done; }
runs() { service fbdock onestatus | grep -q 'pid.*running under'; }
is_down() { ! service fbdock onestatus >/dev/null; }
dead() { case $(ps -o stat= -p "$1") in '' | Z*) ;; *) return 1 ;; esac; }
dies() { kill -9 "$1"; until_ dead "$1"; }
machine() { ps -ax -o pid= -o comm= | while read -r pid comm; do [ "$comm" != bhyve ] || echo "$pid"; done; }
`

// parts cuts the output of a script at its lines "--- NAME".
func parts(out string) map[string]string {
	all := map[string]string{}
	for text := range strings.SplitSeq(out, "--- ") {
		name, rest, _ := strings.Cut(text, "\n")
		all[name] = rest
	}
	return all
}

type part struct{ name, want string }

func checkParts(t *testing.T, g *guest, out string, want []part) {
	t.Helper()
	got := parts(out)
	for _, p := range want {
		if !strings.Contains(got[p.name], p.want) {
			t.Errorf("%s: output\n%s\nwant %q in it\n%s", p.name, got[p.name], p.want, g.logs(t))
		}
	}
	if strings.Contains(out, "gave up waiting") {
		t.Errorf("output\n%s\nwant no wait that timed out\n%s", out, g.logs(t))
	}
}

// TestSupervisorIsKilled: the machine is taken over, and nothing says that it
// is down while it runs.
func TestSupervisorIsKilled(t *testing.T) {
	t.Parallel()
	const script = until + `
first=$(machine)
taken=0
taken_over() { [ "$(grep -c 'taken over' /var/log/fbdock-engine.log)" -gt "$taken" ] && runs && ps -ax -o comm= | grep -qx pwait; }
same_again() { until_ taken_over; taken=$((taken + 1)); [ "$(machine)" = "$first" ] && echo 'the same machine'; }
gone() { [ -z "$(machine)" ] && [ ! -e /dev/vmm/fbdock ]; }
ends() { mkdir -p /run/lab/end; echo "$1" >/run/lab/end/fbdock; }
anew() { now=$(machine) && [ -n "$now" ] && [ "$now" != "$first" ] && runs; }
echo '--- killed'; kill -9 "$(cat /var/run/fbdock/supervisor.pid)"; same_again
echo "starts: $(grep -c 'starting under' /var/log/fbdock-engine.log)"
echo '--- it reboots'; ends 0; until_ anew; grep 'the engine reboots' /var/log/fbdock-engine.log; first=$(machine)
echo '--- killed with its daemon'
old=$(cat /var/run/fbdock/supervisor.pid); dies "$(cat /var/run/fbdock/daemon.pid)"; dies "$old"
service fbdock onestatus
/usr/local/libexec/fbdock/fbdock-health supervisor
sh /usr/local/libexec/fbdock/fbdock-steps | grep ' engine '; same_again
echo '--- its daemon alone'; dies "$(cat /var/run/fbdock/daemon.pid)"
/usr/local/libexec/fbdock/fbdock-health supervisor
sh /usr/local/libexec/fbdock/fbdock-steps | grep ' engine '; same_again
echo '--- stop'; service fbdock onestop; echo "status $?"; gone && echo gone
echo '--- stop without a supervisor'; service fbdock onestart; until_ runs
kill -9 "$(cat /var/run/fbdock/daemon.pid)" "$(cat /var/run/fbdock/supervisor.pid)"; service fbdock onestop; echo "status $?"; gone && echo gone
echo '--- power off'; service fbdock onestart; until_ runs; daemon=$(cat /var/run/fbdock/daemon.pid); ends 1; until_ is_down; until_ dead "$daemon"; service fbdock onestatus; echo "status $?"; gone && echo gone`
	g, out := play(t, labMachine(), "", script)
	checkParts(t, g, out, []part{
		{"killed", "the same machine\nstarts: 1\n"},
		{"it reboots", "the engine reboots"},
		{"killed with its daemon", "fbdock is running without its supervisor: running under bhyve."},
		{"killed with its daemon", "fbdock-health supervisor fail the engine runs and nobody looks after it | hint: fbdock up"},
		{"killed with its daemon", "fbdock-step engine ok running under bhyve"},
		{"killed with its daemon", "the same machine\n"},
		{"its daemon alone", "fbdock-health supervisor fail the engine's supervisor runs without the daemon"},
		{"its daemon alone", "fbdock-step engine ok running under bhyve"},
		{"its daemon alone", "the same machine\n"},
		{"stop", "status 0\ngone\n"},
		{"stop without a supervisor", "status 0\ngone\n"},
		{"power off", "stopped: the engine powered itself off"},
		{"power off", "status 1\ngone\n"},
	})
}

// TestPacketFilterIsDisabled: what fbdock enabled it enables again, the rest
// is the owner's, and a repaired cause is noticed at once.
func TestPacketFilterIsDisabled(t *testing.T) {
	t.Parallel()
	const again = `sh /usr/local/libexec/fbdock/fbdock-steps | grep -E ' (network|engine) '`
	g, out := play(t, labMachine(), "", until+`
echo '--- up'; pfctl -d; /usr/local/libexec/fbdock/fbdock-health pf; `+again+`; /usr/local/libexec/fbdock/fbdock-health pf
echo '--- start'; service fbdock onestop; pfctl -d; service fbdock onestart; until_ runs; pfctl -s info | grep Status
`)
	checkParts(t, g, out, []part{
		{"up", "fbdock-health pf fail pf is not enabled | hint: fbdock up\n"},
		{"up", "fbdock-step network ok"},
		{"up", "fbdock-health pf ok NAT on vtnet0\n"},
		{"start", "Status: Enabled"},
	})

	const told = "pf is enabled in rc.conf and does not run, and fbdock did not start it"
	m := labMachine()
	m.Provider, m.Host = "ssh", "ssh://me@metal"
	g, out = play(t, m, "zpool create tank /dev/vtbd1; sysrc pf_enable=YES >/dev/null; printf 'pass all\\n' >/etc/pf.conf; service pf onestart >/dev/null", until+`
echo '--- up'; pfctl -d; /usr/local/libexec/fbdock/fbdock-health pf; `+again+`
echo '--- start'; service fbdock onestop; service fbdock onestart
waits() { service fbdock onestatus | grep 'backoff: pf is enabled in rc.conf'; }
until_ waits; lines=$(wc -l </var/log/fbdock-engine.log); /usr/bin/sleep 4
[ "$(wc -l </var/log/fbdock-engine.log)" = "$lines" ] && echo 'told once'
began=$(date +%s); service pf onestart >/dev/null; until_ runs; [ $(($(date +%s) - began)) -lt 15 ] && echo 'noticed'
`)
	checkParts(t, g, out, []part{
		{"up", "fbdock-health pf fail " + told + " | hint: run 'service pf start' on it as root, then fbdock up\n"},
		{"up", "fbdock-step network fail " + told + " | hint: run 'service pf start' on it as root, then fbdock up\n"},
		{"start", "backoff: " + told},
		{"start", "told once\nnoticed\n"},
	})
}
