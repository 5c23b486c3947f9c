package foldercopy

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLinksBelongToTheUser: BusyBox's tar leaves symbolic links to root; the
// step after it gives them to the owner of the files.
func TestLinksBelongToTheUser(t *testing.T) {
	t.Parallel()
	busybox, err := exec.LookPath("busybox")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("it needs root, to give files away, and busybox")
	}
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.Mkdir(target, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"sh", "tar", "xargs", "chown", "dirname", "basename", "cksum", "tr", "mkdir"} {
		if err := os.Symlink(busybox, filepath.Join(dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	run := func(do, input string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "sh"), script(do, target, "1234:1235").Command()[1:]...)
		cmd.Env, cmd.Stdin = []string{"PATH=" + dir}, strings.NewReader(input)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("copy.sh %s: error = %v, want none\n%s", do, err, out)
		}
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	names := []string{"a link", "-R", "line\nbreak"}
	for _, name := range names {
		h := &tar.Header{Format: tar.FormatGNU, Typeflag: tar.TypeSymlink, Name: name, Linkname: "/etc/passwd", Mode: 0o777, Uid: 1234, Gid: 1235}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	run("put", archive.String())
	run("links", strings.Join(names, "\x00")+"\x00")
	for _, name := range names {
		info, err := os.Lstat(filepath.Join(target, name))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 1234 || s.Gid != 1235 {
			t.Errorf("%q belongs to %d:%d, want 1234:1235", name, s.Uid, s.Gid)
		}
	}
	if info, err := os.Stat("/etc/passwd"); err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("Stat(/etc/passwd): error = %v or another owner, want owner 0", err)
	}
}
