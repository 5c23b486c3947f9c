package provision_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/provision"
)

// evaluate reads one variable of fbdock.env back through a real shell.
func evaluate(t *testing.T, env []byte, name string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "fbdock.env")
	if err := os.WriteFile(file, env, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `. "$1"; printf '%s' "$`+name+`"`, "sh", file)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("sh reads fbdock.env: error = %v, want none", err)
	}
	return string(out)
}

// FuzzEnvQuote: whatever a user's string holds, the shell reads it back byte
// for byte and runs nothing of it.
func FuzzEnvQuote(f *testing.F) {
	for _, s := range []string{"", "'", `'\''`, "$(touch /tmp/x)", "`id`", "a\nb\n", `\`, "\x80\xff", "#", "'; rm -rf /; '", "\r\t\x01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			t.Skip()
		}
		m := machine()
		m.Engine.Proxy = redact.Proxy{HTTP: s, HTTPS: "http://proxy", No: "x"}
		p, err := provision.Render(m, provision.Inputs{ImageSHA512: digest()})
		if err != nil {
			t.Fatal(err)
		}
		if got := evaluate(t, p.File("fbdock.env"), "FBDOCK_HTTP_PROXY"); got != s {
			t.Errorf("FBDOCK_HTTP_PROXY read by sh = %q, want %q", got, s)
		}
	})
}

func TestGuestValues(t *testing.T) {
	t.Parallel()
	env := render(t, machine()).File("fbdock.env")
	for name, want := range map[string]string{
		"FBDOCK_ENGINE_MEMORY":  "2048",
		"FBDOCK_ENGINE_DISK":    "42949672960",
		"FBDOCK_ENGINE_NETWORK": "10.77.0.0/24",
		"FBDOCK_ENGINE_PREFIX":  "24",
		"FBDOCK_ARC_MAX":        "536870912",
		"FBDOCK_SHARES":         "scratch nfs /scratch\nfast 9p /mnt/fast",
		"FBDOCK_MOUNTS":         "sshfs",
		"FBDOCK_IMAGE_FILE":     "0123456789abcdef.qcow2",
		"FBDOCK_HTTP_PROXY":     "",
	} {
		if got := evaluate(t, env, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if bytes.Contains(env, []byte("PRIVATE")) {
		t.Error("Render(): fbdock.env holds a private key, want none")
	}
}

func TestProxyIsHandedDown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ host, own, http, no redact.Proxy }{
		{host: redact.Proxy{HTTP: "http://proxy:3128"}, http: redact.Proxy{HTTP: "http://proxy:3128"}, no: redact.Proxy{No: "localhost,127.0.0.1,10.77.0.0/24"}},
		{host: redact.Proxy{HTTP: "http://127.0.0.1:3128"}},
		{host: redact.Proxy{HTTP: "http://localhost:3128"}},
		{
			host: redact.Proxy{HTTP: "http://proxy:3128", No: "corp"}, own: redact.Proxy{HTTP: "http://10.0.2.2:3128"},
			http: redact.Proxy{HTTP: "http://10.0.2.2:3128"}, no: redact.Proxy{No: "corp,localhost,127.0.0.1,10.77.0.0/24"},
		},
	} {
		m := machine()
		m.Engine.Proxy = c.own
		p, err := provision.Render(m, provision.Inputs{ImageSHA512: digest(), Proxy: c.host})
		if err != nil {
			t.Fatal(err)
		}
		env := p.File("fbdock.env")
		if got := evaluate(t, env, "FBDOCK_HTTP_PROXY"); got != c.http.HTTP {
			t.Errorf("Render() with %+v: FBDOCK_HTTP_PROXY = %q, want %q", c, got, c.http.HTTP)
		}
		if got := evaluate(t, env, "FBDOCK_NO_PROXY"); got != c.no.No {
			t.Errorf("Render() with %+v: FBDOCK_NO_PROXY = %q, want %q", c, got, c.no.No)
		}
	}
}
