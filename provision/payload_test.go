package provision_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"mvdan.cc/sh/v3/syntax"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/provision"
)

func TestKeysThatStayOnTheHost(t *testing.T) {
	t.Parallel()
	m := machine()
	s := secrets(t, m)
	p, err := provision.Render(m, provision.Inputs{Secrets: s, ImageSHA512: digest()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Files {
		for name, key := range map[string][]byte{
			"authority": s.CA.Key, "host client": s.Client.Key, "host ssh": s.EngineKey.Private,
		} {
			// Not the first lines: OpenSSH's begin alike in every key.
			lines := bytes.Split(bytes.TrimSpace(key), []byte("\n"))
			secret := lines[min(4, len(lines)-2)]
			if bytes.Contains(f.Data, secret) {
				t.Errorf("Render(): %s holds the private key %q, want no private key in the payload", f.Path, name)
			}
		}
	}
	if !bytes.Contains(p.File("seed/user-data"), s.Server.Key) || !bytes.Contains(p.File("seed/user-data"), s.EngineHostKey.Private) {
		t.Error("Render(): seed/user-data lacks the engine's own keys, want both")
	}
}

func TestScriptsArePOSIX(t *testing.T) {
	t.Parallel()
	parser := syntax.NewParser(syntax.Variant(syntax.LangPOSIX))
	scripts := 0
	for _, f := range render(t, machine()).Files {
		if f.Path != "fbdock.env" && !strings.HasSuffix(f.Path, ".sh") && !bytes.HasPrefix(f.Data, []byte("#!/bin/sh\n")) {
			continue
		}
		scripts++
		if _, err := parser.Parse(bytes.NewReader(f.Data), f.Path); err != nil {
			t.Error(err)
		}
	}
	if scripts < 20 {
		t.Errorf("Render() has %d scripts, want 20 or more", scripts)
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	m := machine()
	in := provision.Inputs{Secrets: secrets(t, m), ImageSHA512: digest()}
	one, err := provision.Render(m, in)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := provision.Render(m, in)
	if one.Hash() != two.Hash() || string(one.File("hash")) != one.Hash()+"\n" {
		t.Errorf("Hash() of two equal payloads = %s, %s, file hash = %q, want all equal", one.Hash(), two.Hash(), one.File("hash"))
	}
	m.Engine.CPUs = 3
	other, _ := provision.Render(m, in)
	if other.Hash() == one.Hash() {
		t.Errorf("Hash() with 3 CPUs = %s, want another one than before", other.Hash())
	}
}

func TestTar(t *testing.T) {
	t.Parallel()
	p := render(t, machine())
	var a, b bytes.Buffer
	if err := errors.Join(p.Tar(&a), p.Tar(&b)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("Tar() of one payload twice gives different bytes, want equal ones")
	}
	found := map[string][]byte{}
	for r := tar.NewReader(&a); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Mode&0o077 != 0 || h.Uid != 0 || h.Gid != 0 {
			t.Errorf("Tar(): %s has mode %o, owner %d:%d, want no rights of others and 0:0", h.Name, h.Mode, h.Uid, h.Gid)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = data
	}
	for _, f := range p.Files {
		if !bytes.Equal(found[f.Path], f.Data) {
			t.Errorf("Tar(): %s has %d bytes, want the %d bytes of the payload unchanged", f.Path, len(found[f.Path]), len(f.Data))
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*plan.Machine, *provision.Inputs){
		"no SHA-512 digest":   func(_ *plan.Machine, in *provision.Inputs) { in.ImageSHA512 = "abc" },
		`"hosts" is set by`:   func(m *plan.Machine, _ *provision.Inputs) { m.Engine.Daemon = map[string]any{"hosts": []any{"fd://"}} },
		`"tlskey" is set by`:  func(m *plan.Machine, _ *provision.Inputs) { m.Engine.Daemon = map[string]any{"tlskey": "/x"} },
		"must be a DNS label": func(m *plan.Machine, _ *provision.Inputs) { m.Shares[0].Name = "a b" },
		"is no mount point":   func(m *plan.Machine, _ *provision.Inputs) { m.Shares[0].Target = "/a\nb" },
		"neither 9p nor nfs":  func(m *plan.Machine, _ *provision.Inputs) { m.Shares[0].Type = "smb" },
		"neither freebsd nor": func(m *plan.Machine, _ *provision.Inputs) { m.Provisions[0].On = "host" },
		"holds a NUL":         func(m *plan.Machine, _ *provision.Inputs) { m.Engine.Proxy = redact.Proxy{HTTP: "http://a\x00b"} },
	} {
		m := machine()
		in := provision.Inputs{Secrets: secrets(t, m), ImageSHA512: digest()}
		change(&m, &in)
		if _, err := provision.Render(m, in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
