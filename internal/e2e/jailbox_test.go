//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// jailBox is the lab's container image with the base systems of releases where
// its fetch finds what FreeBSD publishes.
func jailBox(t *testing.T, releases ...string) string {
	t.Helper()
	const box = "fbdock-lab-jails:latest"
	published := t.TempDir()
	for _, release := range releases {
		dir := filepath.Join(published, "var/lab/download/ftp/releases/amd64/amd64", release+"-RELEASE")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		base := baseSystem(t, release)
		manifest := fmt.Sprintf("base.txz\t%x\t27000\tbase\t\"Base system (MANDATORY)\"\ton\n", sha256.Sum256(base))
		for name, text := range map[string][]byte{"base.txz": base, "MANIFEST": []byte(manifest)} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	id := dockerLab(t, "create", labBox)
	defer dockerLab(t, "rm", id)
	dockerLab(t, "cp", published+"/.", id+":/")
	dockerLab(t, "commit", id, box)
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "rmi", box).CombinedOutput(); err != nil {
			t.Errorf("docker rmi %s: %v, want exit status 0\n%s", box, err, out)
		}
	})
	return box
}

// baseSystem is the least that a jail of the lab starts with, in a tar archive:
// only its form is not FreeBSD's, it is not compressed.
func baseSystem(t *testing.T, release string) []byte {
	t.Helper()
	files := map[string]string{
		"etc/rc": "echo \"rc of $JAIL\"\n", "etc/rc.shutdown": "echo down\n", "dev/null": "", "root/.profile": "", "var/log/x": "", "var/db/x": "",
		"bin/freebsd-version": "#!/bin/sh\necho " + release + "-RELEASE\n", "bin/printf": "#!/bin/sh\nprintf \"$@\"\n", "bin/true": "#!/bin/sh\n",
		"bin/cat": "#!/bin/sh\nfor file; do while IFS= read -r line; do printf '%s\\n' \"$line\"; done <\"$file\"; done\n",
	}
	dash, err := exec.LookPath("dash")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ldd", dash).Output()
	if err != nil {
		t.Fatalf("ldd %s: %v, want exit status 0", dash, err)
	}
	read := func(from, to string) {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		files[to] = string(text)
	}
	read(dash, "bin/sh")
	for word := range strings.FieldsSeq(string(out)) {
		if inside, ok := strings.CutPrefix(word, "/"); ok {
			read(word, inside)
		}
	}
	var base bytes.Buffer
	w := tar.NewWriter(&base)
	for name, text := range files {
		if err := w.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return base.Bytes()
}
