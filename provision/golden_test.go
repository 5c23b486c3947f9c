package provision_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/provision"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixedSecrets stand where keys would.
func fixedSecrets() provision.Secrets {
	pair := func(name string) provision.Pair {
		return provision.Pair{Cert: []byte("certificate of " + name + "\n"), Key: []byte("key of " + name + "\n")}
	}
	key := func(name string) provision.SSHKey {
		return provision.SSHKey{Private: []byte("private ssh key of " + name + "\n"), Authorized: "ssh-ed25519 AAAA " + name}
	}
	return provision.Secrets{
		CA: pair("authority"), Server: pair("dockerd"), Client: pair("host"), GuestClient: pair("guest"),
		EngineKey: key("host"), GuestKey: key("guest"), EngineHostKey: key("engine"),
	}
}

// TestGolden shows what is generated, as a whole, for a person to read; the
// static files stand in the payload by their names.
func TestGolden(t *testing.T) {
	t.Parallel()
	m := machine()
	m.Engine.InsecureTCP = true
	m.Engine.Proxy = redact.Proxy{HTTP: "http://user:pa'ss@proxy:3128"}
	p, err := provision.Render(m, provision.Inputs{
		Secrets: fixedSecrets(), ImageSHA512: digest(), CACertificates: []provision.Bundle{companyBundle()},
	})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range p.Files {
		fmt.Fprintf(&b, "-- %s %o --\n", f.Path, f.Mode)
		text := string(f.Data)
		switch {
		case strings.HasPrefix(f.Path, "libexec/"), f.Path == "install.sh", f.Path == "rc.d/fbdock", f.Path == "hash":
			continue
		case f.Path == "seed/user-data":
			text, _, _ = strings.Cut(text, "# shellcheck shell=sh")
		}
		b.WriteString(text)
	}
	golden := filepath.Join("testdata", "payload.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("Render() differs from %s, which go test -update writes (-want +got):\n%s", golden, diff)
	}
}

// TestScriptsAreClean: the scripts without an ending too, which a glob in
// the Makefile does not find.
func TestScriptsAreClean(t *testing.T) {
	t.Parallel()
	var scripts []string
	for _, glob := range []string{"engine/*", "guest/*", "guest/steps/*", "guest/rc.d/*"} {
		found, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(filepath.Base(f), ".") {
				scripts = append(scripts, f)
			}
		}
	}
	if len(scripts) < 20 {
		t.Fatalf("found %d scripts, want 20 or more", len(scripts))
	}
	for _, tool := range [][]string{{"shellcheck"}, {"shfmt", "-ln", "posix", "-i", "2", "-ci", "-d"}} {
		if _, err := exec.LookPath(tool[0]); err != nil {
			t.Logf("%s is not installed: not asked", tool[0])
			continue
		}
		if out, err := exec.CommandContext(t.Context(), tool[0], append(tool[1:], scripts...)...).CombinedOutput(); err != nil {
			t.Errorf("%s: error = %v, want none\n%s", tool[0], err, out)
		}
	}
}
