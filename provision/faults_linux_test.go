package provision_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// steps in their order; install is the payload's own.
var steps = []string{"install", "10-base", "20-packages", "30-storage", "40-network", "50-image", "60-seed", "70-engine", "80-client", "90-shares", "92-podman", "93-jails", "95-services"}

// stepScript runs one step alone.
func stepScript(step string) string {
	switch step {
	case "install":
		return "sh /var/db/fbdock/payload/install.sh"
	case "card":
		return "sh /usr/local/libexec/fbdock/fbdock-card"
	}
	return "sh /usr/local/libexec/fbdock/steps/" + step + ".sh"
}

// once runs a step with the lab's switch, in a process group of its own that
// the lab may kill.
func once(step, fault string) string {
	return "rm -f /run/lab/calls.json; " + fault + " FBDOCK_LOCKED=1 /usr/bin/setsid -w " + stepScript(step) + " </dev/null 2>/dev/null\n"
}

// TestEveryFault: each command of each step fails once, or the step is killed
// right after it; the next run arrives at what an undisturbed run leaves.
func TestEveryFault(t *testing.T) {
	needNamespaces(t)
	if testing.Short() {
		t.Skip("takes minutes")
	}
	base := newGuest(t)
	base.upload(t, labMachine())
	// What follows the step under test is not its business.
	base.write(t, "var/db/fbdock/payload/libexec/fbdock-steps", "#!/bin/sh\n")
	base.run(t, "")
	var points atomic.Int64
	left := uncounted(t, base)
	if len(left) > 0 {
		t.Errorf("scripts without fault injection: %s, want none", strings.Join(left, " "))
	}
	t.Run("steps", func(t *testing.T) {
		for _, step := range steps {
			faultsOf(t, base, step, &points)
		}
	})
	t.Logf("%d points tried, %d commands left out", points.Load(), len(left))
}

// faultParts is into how many tests that run beside each other the faults of a
// step are divided: the longest step has a quarter of all.
const faultParts = 4

// faultsOf runs a step undisturbed on base, and on copies of what it was before
// with each fault.
func faultsOf(t *testing.T, base *guest, step string, points *atomic.Int64) {
	t.Helper()
	before := newGuestFrom(t, base)
	trace := filepath.Join(t.TempDir(), "trace")
	out, status := base.runBare(t, "/usr/sbin/sshd\n"+once(step, "LAB_TRACE=/tmp/trace"))
	if status != 0 {
		t.Fatalf("step %s without a fault: status = %d, want 0:\n%s\n%s", step, status, out, base.logs(t))
	}
	if err := os.Rename(filepath.Join(base.root, "tmp/trace"), trace); err != nil {
		t.Fatal(err)
	}
	calls := traced(t, trace)
	want := snapshot(t, base.root)
	kills := 0
	for _, c := range calls {
		if c.changed {
			kills++
		}
	}
	t.Logf("%s: %d commands, %d of which change something", step, len(calls), kills)
	eachFault(t, step, calls, func(t *testing.T, c call) {
		points.Add(1)
		disturb(t, before, step, "LAB_FAIL", c, want)
		if c.changed {
			points.Add(1)
			disturb(t, before, step, "LAB_KILL", c, want)
		}
	})
}

// eachFault tries each of all in a subtest of that name, by faultParts tests at a
// time.
func eachFault[T any](t *testing.T, name string, all []T, try func(*testing.T, T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		for part := range faultParts {
			t.Run(strconv.Itoa(part+1), func(t *testing.T) {
				t.Parallel()
				for i := part; i < len(all); i += faultParts {
					try(t, all[i])
				}
			})
		}
	})
}

// TestFaultsBeside is TestEveryFault for what is done otherwise with an engine
// beside FreeBSD: its network, and what brings that at a boot.
func TestFaultsBeside(t *testing.T) {
	needNamespaces(t)
	if testing.Short() {
		t.Skip("takes minutes")
	}
	m := beside(labMachine(), "libvirt")
	m.Podman = false
	base := newGuest(t)
	base.upload(t, m)
	base.write(t, "var/db/fbdock/payload/libexec/fbdock-steps", "#!/bin/sh\n")
	if out, status := base.run(t, conf("card="+m.CardMAC(false))+once("install", "")+once("10-base", "")+once("30-storage", "")); status != 0 {
		t.Fatalf("the steps before the engine's: status = %d, want 0:\n%s\n%s", status, out, base.logs(t))
	}
	var points atomic.Int64
	t.Run("steps", func(t *testing.T) {
		faultsOf(t, base, "40-network", &points)
		base.run(t, "") // a boot
		faultsOf(t, base, "card", &points)
	})
	t.Logf("%d points tried", points.Load())
}

// TestFaultsOfJails is TestEveryFault for the step of jails.
func TestFaultsOfJails(t *testing.T) {
	needNamespaces(t)
	if testing.Short() {
		t.Skip("takes minutes")
	}
	base := newGuest(t)
	base.publish(t, "14.2")
	m := jailMachine()
	// A script runs again when nobody knows that it has ended.
	m.Jails[0].Provisions[0].Inline = "echo tools >/root/tools\n"
	base.upload(t, m)
	base.write(t, "var/db/fbdock/payload/libexec/fbdock-steps", "#!/bin/sh\n")
	if out, status := base.run(t, once("install", "")+once("10-base", "")+once("30-storage", "")+once("40-network", "")); status != 0 {
		t.Fatalf("the steps before jails: status = %d, want 0:\n%s\n%s", status, out, base.logs(t))
	}
	var points atomic.Int64
	t.Run("steps", func(t *testing.T) { faultsOf(t, base, "93-jails", &points) })
	t.Logf("%d points tried", points.Load())
}

// uncounted are the programs that the steps name and that no stand-in is in
// front of: nothing can go wrong with them here.
func uncounted(t *testing.T, g *guest) []string {
	t.Helper()
	var scripts strings.Builder
	for _, glob := range []string{"guest/install.sh", "guest/*.sh", "guest/steps/*"} {
		files, err := filepath.Glob(glob)
		if err != nil || len(files) == 0 {
			t.Fatalf("Glob(%q) = %d files, error = %v, want one file or more", glob, len(files), err)
		}
		for _, file := range files {
			for line := range strings.Lines(string(must(os.ReadFile(file)))) {
				if !strings.HasPrefix(strings.TrimSpace(line), "#") {
					scripts.WriteString(line)
				}
			}
		}
	}
	words := map[string]bool{}
	for _, word := range regexp.MustCompile(`[a-z0-9_-]+`).FindAllString(scripts.String(), -1) {
		words[word] = true
	}
	var left []string
	for _, dir := range []string{"usr/bin", "usr/sbin"} {
		entries, err := os.ReadDir(filepath.Join(g.root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			_, err := os.Lstat(filepath.Join(g.root, "sbin", e.Name()))
			// sh runs the steps, and sshd is one of ours that counts by itself.
			if err != nil && words[e.Name()] && e.Name() != "sh" && e.Name() != "sshd" {
				left = append(left, e.Name())
			}
		}
	}
	return left
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

// killedBefore is the status of a step that ended at a command which failed and
// changes nothing anyway: the kill after the command before it leaves the same.
const killedBefore = 42

// disturb runs a step with a fault, then again, and compares.
func disturb(t *testing.T, before *guest, step, mode string, at call, want map[string]string) {
	t.Helper()
	g := newGuestFrom(t, before)
	defer func() {
		if err := os.RemoveAll(g.root); err != nil {
			t.Error(err)
		}
	}()
	last := ""
	if !at.changed {
		last = fmt.Sprintf("read -r calls </run/lab/calls.json; [ \"$calls\" != %s ] || exit %d\n", at.number, killedBefore)
	}
	out, status := g.runBare(t, "/usr/sbin/sshd\n"+once(step, mode+"="+at.number)+last+"echo again\n"+once(step, ""))
	if status == killedBefore && !at.changed {
		return
	}
	if status != 0 {
		t.Errorf("%s at %s: status of the next run = %d, want 0:\n%s\n%s", mode, at.words, status, out, g.logs(t))
		return
	}
	if diff := cmp.Diff(want, snapshot(t, g.root)); diff != "" {
		t.Errorf("%s at %s: files after the next run (-want +got):\n%s\n%s", mode, at.words, diff, out)
	}
}

// call is a command that a step gave.
type call struct {
	number, words string
	// changed: the file system is another one than after the call before it. A
	// kill after a command that only read leaves what a kill before it left.
	changed bool
}

// traced is the list of commands that the lab wrote down, each as "NUMBER
// WORDS", and what it left as "NUMBER = FINGERPRINT".
func traced(t *testing.T, file string) []call {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var calls []call
	after := map[string]string{}
	for line := range strings.Lines(string(data)) {
		number, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if n, err := strconv.Atoi(number); err != nil {
			continue // the second line of an argument
		} else if left, ok := strings.CutPrefix(rest, "= "); ok {
			after[number] = left
		} else if n == len(calls)+1 {
			calls = append(calls, call{number: number, words: line})
		}
	}
	if len(calls) == 0 {
		t.Fatal("LAB_TRACE: no command was traced, want one or more")
	}
	for n := range calls {
		calls[n].changed = n == 0 || after[calls[n].number] != after[calls[n-1].number]
	}
	return calls
}
