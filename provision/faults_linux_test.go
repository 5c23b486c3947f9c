package provision_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// steps in their order; install is the payload's own.
var steps = []string{"install", "10-base", "20-packages", "30-storage", "40-network", "50-image", "60-seed", "70-engine", "80-client", "90-shares", "92-podman", "95-services"}

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
		t.Errorf("no faults are made in %s", strings.Join(left, " "))
	}
	t.Run("steps", func(t *testing.T) {
		for _, step := range steps {
			faultsOf(t, base, step, &points)
		}
	})
	t.Logf("%d points tried, %d commands left out", points.Load(), len(left))
}

// faultsOf runs a step undisturbed on base, and on copies of what it was before
// with each fault.
func faultsOf(t *testing.T, base *guest, step string, points *atomic.Int64) {
	t.Helper()
	before := newGuestFrom(t, base)
	trace := filepath.Join(t.TempDir(), "trace")
	out, status := base.runBare(t, "/usr/sbin/sshd\n"+once(step, "LAB_TRACE=/tmp/trace"))
	if status != 0 {
		t.Fatalf("%s undisturbed:\n%s\n%s", step, out, base.logs(t))
	}
	if err := os.Rename(filepath.Join(base.root, "tmp/trace"), trace); err != nil {
		t.Fatal(err)
	}
	calls := traced(t, trace)
	want := snapshot(t, base.root)
	t.Logf("%s: %d commands", step, len(calls))
	t.Run(step, func(t *testing.T) {
		t.Parallel()
		for n, call := range calls {
			for _, mode := range []string{"LAB_FAIL", "LAB_KILL"} {
				points.Add(1)
				disturb(t, before, step, mode+"="+strconv.Itoa(n+1), call, want)
			}
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
		t.Fatalf("the steps before it end with %d:\n%s\n%s", status, out, base.logs(t))
	}
	var points atomic.Int64
	t.Run("steps", func(t *testing.T) {
		faultsOf(t, base, "40-network", &points)
		base.run(t, "") // a boot
		faultsOf(t, base, "card", &points)
	})
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
			t.Fatal(glob, err)
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

// disturb runs a step with a fault, then again, and compares.
func disturb(t *testing.T, before *guest, step, fault, call string, want map[string]string) {
	t.Helper()
	g := newGuestFrom(t, before)
	defer func() {
		if err := os.RemoveAll(g.root); err != nil {
			t.Error(err)
		}
	}()
	out, status := g.runBare(t, "/usr/sbin/sshd\n"+once(step, fault)+"echo again\n"+once(step, ""))
	if status != 0 {
		t.Errorf("%s at %s: the next run ends with %d:\n%s\n%s", fault, call, status, out, g.logs(t))
		return
	}
	if diff := cmp.Diff(want, snapshot(t, g.root)); diff != "" {
		t.Errorf("%s at %s leaves something else:\n%s\n%s", fault, call, diff, out)
	}
}

// traced is the list of commands that the lab wrote down.
func traced(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	calls := strings.Split(strings.TrimSpace(string(data)), "\n")
	if len(calls) == 0 {
		t.Fatalf("only %d commands were traced", len(calls))
	}
	return calls
}

// volatile is what differs from run to run by its nature: logs, processes,
// the lab's own counters, the moment of creation.
var volatile = regexp.MustCompile(`^(proc|dev/null|tmp|var/log|run/fbdock|run/lab/(calls|lock|dmesg|tap|vmm|end)|run/(sshd|rpcbind|mountd|nfsd|podman_service).pid|run/fbdock-steps.lock|var/db/fbdock/payload)`)

// moments are times and process numbers in the lab's state.
var moments = regexp.MustCompile(`"(Created|created|creation|guid|pid|PID|Time)": *[^,\n}]+|58:9c:fc:[0-9a-f:]+`)

// bootTime stands in what was done once for each boot.
var bootTime = regexp.MustCompile(` 1[0-9]{9}\n`)

// snapshot names every lasting file with its mode, owner and content.
func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if volatile.MatchString(name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if slices.Contains([]string{"usr/bin", "usr/lab", "lib", "lib64", "sbin", "lab"}, name) {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat, _ := info.Sys().(*syscall.Stat_t)
		content, err := contentOf(path, info)
		files[name] = fmt.Sprintf("%v %d %s", info.Mode(), stat.Uid, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func contentOf(path string, info fs.FileInfo) (string, error) {
	switch {
	case info.IsDir():
		return "", nil
	case info.Mode()&fs.ModeSymlink != 0:
		return os.Readlink(path)
	case !info.Mode().IsRegular():
		return "special", nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	// Disks are sparse: their first part tells.
	data, err := io.ReadAll(io.LimitReader(file, 8<<20))
	if strings.HasSuffix(path, ".json") {
		// What was loaded or made first does not matter.
		lines := strings.Split(strings.ReplaceAll(moments.ReplaceAllString(string(data), "-"), ",\n", "\n"), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n"), err
	}
	if strings.HasSuffix(path, ".iso") { // holds the moment of its making
		return strconv.FormatInt(info.Size(), 10), err
	}
	data = bootTime.ReplaceAll(data, []byte("-"))
	if len(data) > 400 {
		return fmt.Sprintf("%d %x", info.Size(), sha256.Sum256(data)), err
	}
	return fmt.Sprintf("%d %q", info.Size(), data), err
}

// TestSnapshot: two undisturbed runs compare equal, else nothing above says
// anything.
func TestSnapshot(t *testing.T) {
	needNamespaces(t)
	var all []map[string]string
	for range 2 {
		g := newGuest(t)
		g.upload(t, labMachine())
		if out, status := g.run(t, "sh /var/db/fbdock/payload/install.sh"); status != 0 {
			t.Fatal(out)
		}
		all = append(all, snapshot(t, g.root))
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"etc/pf.conf", "etc/rc.conf", "usr/local/etc/fbdock/pf.conf", "var/db/fbdock/seed.iso", "home/vagrant/.docker/config.json"} {
		if !slices.Contains(slices.Collect(maps.Keys(all[0])), name) {
			t.Errorf("%s is not in the snapshot", name)
		}
	}
}
