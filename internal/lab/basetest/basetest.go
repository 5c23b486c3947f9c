// Package basetest publishes base systems of FreeBSD as download.freebsd.org
// does, small enough for jails of the lab. It is for tests.
package basetest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Publish writes base.txz and MANIFEST of a release, such as 14.2, into the
// file system at root, where the lab's fetch(1) finds them. The base system is
// the least that a jail of the lab starts with, and the files in extra, by
// their paths without the first slash. Only its form is not FreeBSD's: it is not
// compressed. t is skipped where dash(1), the jails' sh, is not installed.
func Publish(t testing.TB, root, release string, extra map[string]string) {
	t.Helper()
	files := map[string]string{
		"etc/rc": "echo \"rc of $JAIL\" >/var/log/rc\n", "etc/rc.shutdown": "echo down >/var/log/rc\n",
		"dev/null": "", "root/.profile": "", "var/log/x": "", "var/db/x": "",
	}
	shell(t, files)
	maps.Copy(files, extra)
	base := archive(t, files)
	dir := filepath.Join(root, "var/lab/download/ftp/releases/amd64/amd64", release+"-RELEASE")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	manifest := fmt.Appendf(nil, "base-dbg.txz\t%064d\t1\tbase_dbg\t\"Base system (Debugging)\"\toff\nbase.txz\t%x\t27000\tbase\t\"Base system (MANDATORY)\"\ton\n", 0, sha256.Sum256(base))
	for name, text := range map[string][]byte{"base.txz": base, "MANIFEST": manifest} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil { //nolint:gosec // all guests' users read it
			t.Fatal(err)
		}
	}
}

// shell adds dash and its libraries.
func shell(t testing.TB, files map[string]string) {
	t.Helper()
	dash, err := exec.LookPath("dash")
	if err != nil {
		t.Skip("no dash here (apt-get install dash): it is the sh of the lab's jails")
	}
	libraries, err := exec.CommandContext(t.Context(), "ldd", dash).Output()
	if err != nil {
		t.Fatalf("ldd %s: %v, want exit status 0", dash, err)
	}
	paths := map[string]string{dash: "bin/sh"}
	for word := range strings.FieldsSeq(string(libraries)) {
		if inside, ok := strings.CutPrefix(word, "/"); ok {
			paths[word] = inside
		}
	}
	for from, to := range paths {
		text, err := os.ReadFile(from) //nolint:gosec // this host's own programs
		if err != nil {
			t.Fatal(err)
		}
		files[to] = string(text)
	}
}

func archive(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o755, Size: int64(len(files[name])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
