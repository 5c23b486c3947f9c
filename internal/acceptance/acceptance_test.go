package acceptance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/run/runtest"
)

// fake is a program in fbdock's place, or ssh's; it notes how it was called.
func fake(t *testing.T, dir, name, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for fbdock is a shell script")
	}
	file := filepath.Join(dir, name)
	if err := runtest.WriteProgram(file, []byte("#!/bin/sh\necho \"$*\" >>"+dir+"/calls\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestVitalStep: when `up` fails, nothing that needs it runs, but what was made
// is removed.
func TestVitalStep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := fake(t, dir, "fbdock", "[ \"$1\" != up ] || { echo 'ok survey' >&2; echo 'fbdock: error: no way' >&2; exit 1; }\n")
	results, err := Run(t.Context(), Options{Program: program, Dir: dir, Machine: `provider = "x"`, Image: "busybox", Slow: 1, Log: io.Discard, Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	report := Report{Steps: results}
	if len(results) != len(Steps()) || report.Failed() != 1 || !report.Gone() {
		t.Errorf("Run() = %d results, %d failed, gone %v, want %d, 1, true: %+v", len(results), report.Failed(), report.Gone(), len(Steps()), results)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if got := strings.Split(strings.TrimSpace(string(calls)), "\n"); err != nil || !slices.Equal(got, []string{"up --yes --allow-reach", "destroy --yes"}) {
		t.Errorf("calls = %q, %v, want up and destroy", got, err)
	}
	for _, one := range results {
		if one.Step == "up" && (one.Status != Fail || one.Seen != "fbdock up --yes --allow-reach: exit status 1: fbdock: error: no way\nok survey") {
			t.Errorf("up = %+v, want the reason", one)
		}
		if one.Step == "docker run" && (one.Status != NotRun || one.Seen != "step up failed") {
			t.Errorf("docker run = %+v, want NotRun, as up failed", one)
		}
	}
}

// TestCancelled: a run that is cancelled in a step removes what was made, once,
// whether or not the log can be written to, and shows what the machine says
// without its escape sequences.
func TestCancelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := fake(t, dir, "fbdock", "case $1 in up) exit 0 ;; destroy) printf '\\033[31mgone' >&2 ;; docker) touch "+dir+"/stop; exec sleep 1000 ;; esac\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for tick := time.Tick(10 * time.Millisecond); ctx.Err() == nil; <-tick {
			if _, err := os.Stat(filepath.Join(dir, "stop")); err == nil {
				cancel()
			}
		}
	}()
	results, err := Run(ctx, Options{Program: program, Dir: dir, Machine: `provider = "x"`, Image: "busybox", Slow: 1, Log: brokenLog{}, Env: os.Environ()})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("Run() with an ended context: error = %v, want that it was cancelled and that the log was not written", err)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	if err != nil || strings.Count(string(calls), "destroy --yes") != 1 || !(Report{Steps: results}).Gone() || len(results) != len(Steps()) {
		t.Errorf("calls = %q, %v, want one destroy; %+v", calls, err, results)
	}
	for _, one := range results {
		if one.Step == destroyStep && one.Seen != `\x1b[31mgone` {
			t.Errorf("destroy = %q, want its message without control characters", one.Seen)
		}
	}
}

// brokenLog is a log that takes nothing.
type brokenLog struct{}

func (brokenLog) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// TestNoListing: without a listing of before nothing is compared.
func TestNoListing(t *testing.T) {
	t.Parallel()
	s := &session{Options: Options{Host: "ssh://u@h", Slow: 1}}
	for _, run := range []func(context.Context, *session) (string, error){survey, nothingLeft} {
		if _, err := run(t.Context(), s); err == nil || err.Error() != noListing {
			t.Errorf("a step without a listing = %v, want %s", err, noListing)
		}
	}
}

// TestBrokenAndRepaired: what is broken for a step is repaired after it, and a
// step that is left out is not run.
func TestBrokenAndRepaired(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := fake(t, dir, "fbdock", "[ \"$2\" != repair ] || { echo 'no repair' >&2; exit 1; }\n")
	results, err := Run(t.Context(), Options{
		Program: program, Dir: dir, Machine: `provider = "x"`, Image: "busybox", Slow: 1, Log: io.Discard, Env: os.Environ(),
		Sabotage: map[string]string{"docker run": "docker:break"}, Repair: map[string]string{"docker run": "docker:repair"},
		Skip: slices.DeleteFunc(Steps(), func(name string) bool { return name == "docker run" || name == destroyStep }),
	})
	if err != nil {
		t.Fatal(err)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	want := "docker break\ndocker run --rm busybox sh -c uname -s\ndocker repair\ndestroy --yes\n"
	if err != nil || string(calls) != want {
		t.Errorf("calls = %q, %v, want %q", calls, err, want)
	}
	for _, one := range results {
		switch one.Step {
		case "docker run":
			if one.Status != Fail || !strings.Contains(one.Seen, "want Linux") || !strings.Contains(one.Seen, "the repair failed") {
				t.Errorf("docker run = %+v, want that it and its repair fail", one)
			}
		case destroyStep:
		default:
			if one.Status != NotRun || one.Seen != "left out" {
				t.Errorf("%s = %+v, want it left out", one.Step, one)
			}
		}
	}
}

// TestStoppedService: what the owner has started is started by the command that
// `up` names, and anything that was stopped runs again whatever `up` does.
func TestStoppedService(t *testing.T) {
	t.Parallel()
	const stopped = "fbdock: hint: run 'service pf start' on it as root, then fbdock up"
	for name, test := range map[string]struct {
		up     string // what it does when pf is off
		before []string
		seen   string // or the error
		failed bool
	}{
		"fbdock's own":    {"touch pf", nil, "`up` repaired it", false},
		"the owner's":     {"echo \"" + stopped + "\" >&2; exit 1", []string{"pf Enabled"}, "`up` named `service pf start`", false},
		"nothing noticed": {"exit 0", nil, "left it broken", true},
		"no command":      {"echo no; exit 1", []string{"pf Enabled"}, "names no command", true},
		"started anyway":  {"touch pf", []string{"pf Enabled"}, "names no command", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			program := fake(t, dir, "fbdock", "case $* in up*) [ -e pf ] || { "+test.up+"; } ;; *'|| service pf onestart'*) touch pf ;;\n"+
				"*'service pf start') touch pf ;; *'pfctl -d') rm pf ;; *Enabled) [ -e pf ] ;; esac\n")
			if err := os.WriteFile(filepath.Join(dir, "pf"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			s := &session{Options: Options{Program: program, Dir: dir, Env: os.Environ(), Slow: 1}, before: test.before}
			seen, err := pfStopped(t.Context(), s)
			if (err != nil) != test.failed || !strings.Contains(seen+fmt.Sprint(err), test.seen) {
				t.Errorf("pfStopped() = %q, %v, want %q", seen, err, test.seen)
			}
			if _, err := os.Stat(filepath.Join(dir, "pf")); err != nil {
				t.Error("pf stays stopped, want it started again")
			}
		})
	}
}

// TestKept: what was lost is told at once, not waited for.
func TestKept(t *testing.T) {
	t.Parallel()
	for want, script := range map[string]string{
		"container, image and volume as before": "case $* in *ps*) echo id ;; *) echo sum ;; esac",
		"no container keeper":                   "exit 0",
		"no data":                               "case $* in *ps*) echo id ;; *) echo no data ;; esac",
	} {
		dir := t.TempDir()
		s := &session{Options: Options{Program: fake(t, dir, "fbdock", script+"\n"), Dir: dir, Env: os.Environ(), Slow: 1}, sums: "sum\nsum\n"}
		seen, err := kept(t.Context(), s)
		if got := fmt.Sprint(seen, err); !strings.Contains(got, want) || (err == nil) != strings.HasPrefix(want, "container") {
			t.Errorf("kept() = %q, %v, want %q", seen, err, want)
		}
	}
}

// TestStatus: the report says which FreeBSD it was, and under what the engine
// ran, or the layers that fail.
func TestStatus(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"freebsd ok reached by SSH\nfreebsd  ok   FreeBSD 15.1-RELEASE, generic\nhypervisor ok running under bhyve\n": "3 layers ok; FreeBSD 15.1-RELEASE, generic; running under bhyve",
		"freebsd ok reached by SSH\npf FAIL pf does not run\n" + strings.Repeat("tap ok\n", 200):                      "a layer fails: pf FAIL pf does not run",
	} {
		dir := t.TempDir()
		program := fake(t, dir, "fbdock", "cat <<'EOT'\n"+script+"EOT\n")
		s := &session{Options: Options{Program: program, Dir: dir, Env: os.Environ(), Slow: 1}}
		seen, err := status(t.Context(), s)
		if err != nil {
			seen = err.Error()
		}
		if seen != want {
			t.Errorf("status = %q, want %q", seen, want)
		}
	}
}

func TestUnknownStep(t *testing.T) {
	t.Parallel()
	const none = "no such step"
	for _, o := range []Options{
		{Sabotage: map[string]string{none: "freebsd:true"}},
		{Repair: map[string]string{none: "freebsd:true"}},
		{Skip: []string{none}},
	} {
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "nothing is left") {
			t.Errorf("Run(%+v) = %v, want the names of the steps", o, err)
		}
	}
	if _, err := Run(t.Context(), Options{Skip: []string{destroyStep}}); err == nil || !strings.Contains(err.Error(), "cannot be left out") {
		t.Errorf("Run() without destroy: error = %v, want it refused", err)
	}
}

// TestOtherImage: the second image has the bytes of the first and another
// digest, and stands in its place in the engine block.
func TestOtherImage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := filepath.Join(dir, "first")
	if err := os.WriteFile(first, []byte("disk"), 0o600); err != nil {
		t.Fatal(err)
	}
	program := fake(t, dir, "fbdock", "case $* in image*) echo '[{\"file\": \""+first+"\"}]' ;; esac\n")
	s := &session{Options: Options{Program: program, Dir: dir, Env: os.Environ(), Machine: `provider = "x"`, Engine: "image = \"first\"\ndisk = \"8GiB\"", Slow: 1}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.otherImage(ctx); err == nil {
		t.Error("otherImage when cancelled = nil, want an error")
	}
	if err := s.replaceImage(t.Context()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "another-image"))
	if err != nil || !bytes.HasPrefix(data, []byte("disk\x00")) {
		t.Errorf("the second image begins with %.8q, %v, want %q", data, err, "disk\x00")
	}
	text, err := os.ReadFile(filepath.Join(dir, "fbdock.hcl"))
	if err != nil || strings.Contains(string(text), `"first"`) || !strings.Contains(string(text), "another-image\"") || !strings.Contains(string(text), `disk = "8GiB"`) {
		t.Errorf("fbdock.hcl = %s, %v, want the second image", text, err)
	}
}

func TestDifference(t *testing.T) {
	t.Parallel()
	before := []string{"file 1 /etc/rc.conf", "package a", "pf Enabled", "mount x on /x", "mount x on /x"}
	after := []string{"file 2 /etc/rc.conf", "package a", "package b", "pf Enabled", "mount x on /x", "dataset tank/left"}
	changes, packages := difference(before, after)
	want := []string{"gone or changed: file 1 /etc/rc.conf", "gone or changed: mount x on /x", "gone or changed: mount x on /x",
		"new or changed: file 2 /etc/rc.conf", "new or changed: dataset tank/left"}
	if !slices.Equal(changes, want) || packages != 1 {
		t.Errorf("difference = %q, %d, want %q, 1", changes, packages, want)
	}
}

// TestHostIsData: an address cannot become an option of ssh.
func TestHostIsData(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"ssh://-oProxyCommand=x", "http://a", "ssh://", "a"} {
		s := &session{Options: Options{Host: host, Slow: 1}}
		if _, err := s.freebsd(t.Context(), "true"); err == nil || !strings.Contains(err.Error(), "is not ssh://USER@ADDRESS") {
			t.Errorf("freebsd() on %q: error = %v, want one that says it is not ssh://USER@ADDRESS", host, err)
		}
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := Report{Program: "fbdock 1", Host: "ssh://u@h", Steps: []Result{{Step: "up", Status: Pass, Seconds: 1.25, Seen: "a|b\nc"}, {Step: destroyStep, Status: Fail}}}
	var table, text bytes.Buffer
	if err := r.Table(&table); err != nil || !strings.Contains(table.String(), `| a\|b; c |`) || strings.Count(table.String(), "\n") != 4 {
		t.Errorf("Table() = %v, want 4 lines with an escaped |\n%s", err, &table)
	}
	var back Report
	if err := r.JSON(&text); err != nil || json.Unmarshal(text.Bytes(), &back) != nil || !slices.Equal(back.Steps, r.Steps) {
		t.Errorf("JSON() = %v, want the steps to be read back\n%s", err, &text)
	}
}
