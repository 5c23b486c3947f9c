package provision_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// jailCommands are those that change jails, in an order in which each finds
// what it wants. Where done is given, a repeat of the command after it has
// come to its end is an error with these words; the others may be repeated.
var jailCommands = []struct{ line, done string }{
	{"create one </root/one", "jail one is there already"},
	{"limits one 67108864 1", ""},
	{"stop one", ""},
	{"start one", ""},
	{"restart one", ""},
	{"snapshot one before", "dataset already exists"},
	{"rollback one before", ""},
	{"clone one two </root/two", "jail two is there already"},
	{"export one >/tmp/export", ""},
	{"import three 14.2 $length </tmp/three", "jail three is there already"},
	{"destroy one", "there is no jail one"},
	{"destroy two", "there is no jail two"},
}

// TestFaultsOfJailCommands: each command that fbdock-jail gives fails once, or
// fbdock-jail is killed right after it. A failure is one error, and the same
// command line then arrives at what an undisturbed one leaves.
func TestFaultsOfJailCommands(t *testing.T) {
	needNamespaces(t)
	if testing.Short() {
		t.Skip("takes minutes")
	}
	base := jailsForFaults(t)
	var points atomic.Int64
	failed := map[string]bool{}
	t.Run("commands", func(t *testing.T) {
		for _, c := range jailCommands {
			jailFaults(t, base, c.line, c.done, failed, &points)
		}
	})
	t.Logf("%d points tried", points.Load())
}

// jailsForFaults is a guest with the jail db, limits, and the settings of others.
func jailsForFaults(t *testing.T) *guest {
	t.Helper()
	m := jailMachine()
	m.Jails = m.Jails[1:]
	g := newGuest(t)
	g.publish(t, "14.2")
	g.uploadJails(t, m)
	for _, j := range []plan.Jail{
		{Name: "one", Hostname: "one", Address: address("10.79.0.254"), Boot: true},
		{Name: "two", Hostname: "two", Address: address("10.79.0.253"), Boot: true}, {Name: "three", Hostname: "three"},
	} {
		settings, err := provision.JailSettings(m, j)
		if err != nil {
			t.Fatal(err)
		}
		g.write(t, "root/"+j.Name, string(settings))
	}
	if out, status := g.run(t, "echo kern.racct.enable=1 >>/boot/loader.conf; init boot >/dev/null\n"+install); status != 0 || !strings.Contains(out, "fbdock-step jails ok db") {
		t.Fatalf("install.sh: status = %d, want 0:\n%s\n%s", status, out, g.logs(t))
	}
	return g
}

// jailCommand runs a command line of fbdock-jail with the lab's switch, in a
// process group of its own. A stream that import is given begins with settings.
func jailCommand(line, fault string) string {
	return "cat /root/three /tmp/export >/tmp/three 2>/dev/null; rm -f /run/lab/calls.json; length=$(wc -c </root/three) FBDOCK_LOCKED=1 " + fault +
		" /usr/bin/setsid -w sh -c 'sh /usr/local/libexec/fbdock/fbdock-jail " + strings.Replace(line, " >", " 2>&1 >", 1) + "' </dev/null 2>/dev/null\n"
}

// jailFault is what goes wrong at a command.
type jailFault struct {
	mode string
	at   call
}

// jailNames are the names in the words of a command, and a process' number.
var jailNames = regexp.MustCompile(`\b(one|two|three)\b|[0-9]+$`)

// jailFaults runs a command line undisturbed on base, and on copies of what it was
// before with each fault. What has failed in another command line already, for
// whatever jail, is left out: failed has the words.
func jailFaults(t *testing.T, base *guest, line, done string, failed map[string]bool, points *atomic.Int64) {
	t.Helper()
	before := newGuestFrom(t, base)
	trace := filepath.Join(t.TempDir(), "trace")
	out, status := base.runBare(t, jailCommand(line, "LAB_TRACE=/tmp/trace"))
	if status != 0 {
		t.Fatalf("fbdock-jail %s: status = %d, want 0:\n%s\n%s", line, status, out, base.logs(t))
	}
	if err := os.Rename(filepath.Join(base.root, "tmp/trace"), trace); err != nil {
		t.Fatal(err)
	}
	calls, want := traced(t, trace), jailSnapshot(t, base.root)
	var faults []jailFault
	for _, c := range calls {
		_, words, _ := strings.Cut(c.words, " ")
		if words = jailNames.ReplaceAllString(words, ""); !failed[words] {
			failed[words] = true
			faults = append(faults, jailFault{"LAB_FAIL", c})
		}
		if c.changed {
			faults = append(faults, jailFault{"LAB_KILL", c})
		}
	}
	t.Logf("%s: %d commands, %d faults", line, len(calls), len(faults))
	eachFault(t, strings.Join(strings.Fields(line)[:2], " "), faults, func(t *testing.T, f jailFault) {
		points.Add(1)
		disturbJail(t, before, line, done, f.mode, f.at, want)
	})
}

// disturbJail runs a command line with a fault, then again, and compares.
func disturbJail(t *testing.T, before *guest, line, done, mode string, at call, want map[string]string) {
	t.Helper()
	g := newGuestFrom(t, before)
	defer func() {
		if err := os.RemoveAll(g.root); err != nil {
			t.Error(err)
		}
	}()
	out, status := g.runBare(t, jailCommand(line, mode+"="+at.number)+"echo \"status $?\"\n"+jailCommand(line, ""))
	first, again, _ := strings.Cut(out, "\nstatus ")
	faulted, again, _ := strings.Cut(again, "\n")
	fails := strings.Count("\n"+first, "\nfbdock-step jail fail ")
	if mode == "LAB_FAIL" && (faulted == "0" && fails != 0 || faulted != "0" && fails != 1) {
		t.Errorf("%s at %s: status %s with %d errors, want 0 without one, or another with one:\n%s\n%s", mode, at.words, faulted, fails, first, g.logs(t))
	}
	if status != 0 && (done == "" || !strings.Contains(again, "fbdock-step jail fail ") || !strings.Contains(again, done)) {
		t.Errorf("%s at %s: status of the next run = %d, want 0%s:\n%s\n%s", mode, at.words, status, orDone(done), out, g.logs(t))
		return
	}
	if diff := cmp.Diff(want, jailSnapshot(t, g.root)); diff != "" {
		t.Errorf("%s at %s: files after the next run (-want +got):\n%s\n%s", mode, at.words, diff, out)
	}
}

// jailSnapshot is snapshot without the empty folder that a jail may leave: the next
// one of the name is mounted there.
func jailSnapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	files := snapshot(t, root)
	for name, text := range files {
		if strings.HasPrefix(name, "var/jails/") && text == "drwxr-xr-x 0 " {
			delete(files, name)
		}
	}
	return files
}

func orDone(words string) string {
	if words == "" {
		return ""
	}
	return fmt.Sprintf(", or the error %q", words)
}
