package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// chrooted is a file system with the stand-ins in it and namespaces to run commands there: what it needs is root.
func chrooted(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 || exec.CommandContext(t.Context(), "unshare", "--mount", "--pid", "--fork", "true").Run() != nil {
		t.Skip("the stand-ins are run in namespaces of their own here, which needs root")
	}
	dir := t.TempDir()
	standin := filepath.Join(dir, "standin")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", standin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v, want exit status 0\n%s", err, out)
	}
	root := filepath.Join(dir, "root")
	if out, err := exec.CommandContext(t.Context(), "testdata/root.sh", root, standin, "../../../testdata/lab/guest/files").CombinedOutput(); err != nil {
		t.Fatalf("root.sh: %v, want exit status 0\n%s", err, out)
	}
	return root
}

func inside(t *testing.T, root, script string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	enter := `mount -t proc proc "$1/proc"; for d in null urandom; do : >"$1/dev/$d"; mount --bind "/dev/$d" "$1/dev/$d"; done; exec chroot "$1" /bin/sh -c "$2"`
	cmd := exec.CommandContext(ctx, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c", enter, "sh", root, script)
	cmd.Env = []string{"PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/bin", "LAB_FAKE=1", "LC_ALL=C", "HOME=/"}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("unshare: %v, want it to start", err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	block = regexp.MustCompile(`(?ms)^\$ (.*?)\n(.*?)^\[rc (\d+)( \?)?\]$`)
	mac   = regexp.MustCompile(`ether \S+`)
)

// TestTranscript replays what a real FreeBSD 14.2 answered.
func TestTranscript(t *testing.T) {
	t.Parallel()
	root := chrooted(t)
	const nat = "nat on %s inet from 10.77.0.0/24 to ! 10.77.0.0/24 -> (%s)\n"
	put(t, root, "etc/lab.conf", "vmm=no\nrelease=14.2-BETA1\nphysmem=3199688704\nncpu=1\nmodel=QEMU Virtual CPU version 2.5+\npkg=bare\nnetwork=no\n")
	put(t, root, "tmp/a.conf", strings.ReplaceAll(nat, "%s", "vtnet0"))
	put(t, root, "tmp/b.conf", "pass\nbogus rule here\n")
	put(t, root, "tmp/c.conf", strings.ReplaceAll(nat, "%s", "em9"))
	put(t, root, "tmp/d.conf", "pass\n"+strings.ReplaceAll(nat, "%s", "vtnet0"))
	put(t, root, "etc/pf.conf", "nat-anchor \"fbdock\"\nrdr-anchor \"fbdock\"\nanchor \"fbdock\"\npass\n")
	put(t, root, "etc/devfs.conf", strings.Repeat("x\n", 38))
	put(t, root, "etc/hosts", "127.0.0.1 localhost\n")
	for _, name := range []string{"meta-data", "user-data", "network-config"} {
		put(t, root, "tmp/seed/"+name, "x\n")
	}
	inside(t, root, "init boot")
	seen, err := os.ReadFile("testdata/seen-14.2.txt")
	if err != nil {
		t.Fatal(err)
	}
	words := func(text string) string {
		return strings.Join(strings.Fields(mac.ReplaceAllString(text, "ether X")), " ")
	}
	blocks := block.FindAllStringSubmatch(string(seen), -1)
	if len(blocks) < 140 {
		t.Fatalf("the transcript has %d cases, want at least 140", len(blocks))
	}
	for _, b := range blocks {
		command, _, _ := strings.Cut(b[1], "   #")
		out, status := inside(t, root, command)
		if b[3] != strconv.Itoa(status) {
			t.Errorf("$ %s\nstatus %d, want FreeBSD's status %s\n%s", command, status, b[3], out)
		}
		if b[4] == "" && words(out) != words(b[2]) {
			t.Errorf("$ %s\ngot:\n%swant:\n%s", command, out, b[2])
		}
	}
	t.Logf("%d answers of FreeBSD 14.2 replayed", len(blocks))
}
