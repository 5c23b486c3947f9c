package hcl_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/redact"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// only is the one diagnostic that is expected.
func only(t *testing.T, diags hcl.Diagnostics) hcl.Diagnostic {
	t.Helper()
	if len(diags) != 1 {
		t.Fatalf("%d diagnostics, want one: %v", len(diags), diags)
	}
	return diags[0]
}

func TestLoadWhatIsNoConfiguration(t *testing.T) {
	t.Parallel()
	large := write(t, "fbdock.hcl", "")
	if err := os.Truncate(large, 10_000_000); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tests := map[string]struct{ path, summary, hint string }{
		"missing":  {filepath.Join(dir, "none.hcl"), "there is no configuration file", "fbdock init"},
		"folder":   {dir, "the configuration cannot be read", ""},
		"device":   {os.DevNull, "the configuration cannot be read", ""},
		"10 MB":    {large, "the file is too large", "is this the right file?"},
		"no place": {"bad\x00path", "the configuration cannot be read", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, _, diags := hcl.Load(test.path, hcl.Options{})
			d := only(t, diags)
			if cfg != nil || d.Summary != test.summary || d.Hint != test.hint || d.Range.File != test.path {
				t.Errorf("Load(%s) = diagnostic %+v, want %q with the hint %q", test.path, d, test.summary, test.hint)
			}
		})
	}
}

func TestParseRefusesLargeText(t *testing.T) {
	t.Parallel()
	_, sources, diags := hcl.Parse("fbdock.hcl", bytes.Repeat([]byte("# x\n"), 3_000_000), hcl.Options{})
	if d := only(t, diags); d.Summary != "the file is too large" {
		t.Errorf("Parse() of 12 MB = %+v, want \"the file is too large\"", d)
	}
	if len(sources) != 0 {
		t.Error("Parse() of 12 MB kept the text, want it dropped")
	}
}

// whole sets everything that can be set.
const whole = `
fbdock { required_version = ">= 1.0" }
machine "dev" {
  provider    = "virtualbox"
  box         = "bento/freebsd-15"
  box_version = "~> 202510.26"
  cpus        = "4"
  memory      = "6GiB"
  storage {
    pool        = "zroot"
    compression = "zstd-3"
    arc_max     = "512MiB"
  }
  engine {
    hypervisor          = "qemu"
    image               = "alpine-3.24"
    cpus                = 2
    memory              = "2GiB"
    disk                = "40GiB"
    network             = "10.77.0.0/24"
    daemon              = { "log-driver" = "local", n = { deep = [1, true, null] } }
    insecure_tcp        = false
    guest_ports         = ["5432", "53/udp"]
    registry_mirrors    = ["https://mirror.example.com"]
    insecure_registries = ["10.0.0.0/8", "registry.local:5000", "[::1]:5000"]
    dns                 = ["192.0.2.53", "2001:db8::1"]
    ca_certificates     = ["ca.pem"]
    proxy {
      http  = "http://proxy:3128"
      https = "socks5://proxy:1080"
      no    = "localhost,.example.com"
    }
  }
  mount "." {}
  mount "/src" {
    target    = "/opt/src"
    read_only = true
    type      = "sshfs"
  }
  share "scratch" {
    type   = "nfs"
    target = "/scratch"
  }
  forward {
    bind = "127.0.0.1"
    max  = 2000
  }
  podman {}
  provision "tools" {
    on     = "engine"
    inline = "true"
  }
  provision "more" { script = "setup.sh" }
}
`

func TestLoadWhole(t *testing.T) {
	t.Parallel()
	path := write(t, "fbdock.hcl", whole)
	cfg, sources, diags := hcl.Load(path, hcl.Options{Version: "1.1.0-dev"})
	if len(diags) > 0 || string(sources[path]) != whole {
		t.Fatalf("Load() = diagnostics %v, want none and the text of the file", diags)
	}
	want := &hcl.Config{Path: path, RequiredVersion: ">= 1.0", Machines: []hcl.Machine{{
		Name: "dev", Provider: "virtualbox", Box: "bento/freebsd-15", BoxVersion: "~> 202510.26",
		CPUs: 4, Memory: 6 * hcl.GiB,
		Storage: hcl.Storage{Pool: "zroot", Compression: "zstd-3", ARCMax: 512 * hcl.MiB},
		Mounts: []hcl.Mount{
			{Source: "."},
			{Source: "/src", Target: "/opt/src", ReadOnly: true, Type: "sshfs"},
		},
		Shares:  []hcl.Share{{Name: "scratch", Type: "nfs", Target: "/scratch"}},
		Forward: &hcl.Forward{Bind: netip.MustParseAddr("127.0.0.1"), Max: 2000},
		Podman:  true, EngineAccess: true,
		Provisions: []hcl.Provision{
			{Name: "tools", On: "engine", Inline: "true"},
			{Name: "more", Script: "setup.sh"},
		},
		Engine: wholeEngine(),
	}}}
	compare := []cmp.Option{
		cmpopts.IgnoreFields(hcl.Machine{}, "Where"),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
	if diff := cmp.Diff(want, cfg, compare...); diff != "" {
		t.Errorf("Load() (-want +got):\n%s", diff)
	}
}

func wholeEngine() hcl.Engine {
	return hcl.Engine{
		Hypervisor: "qemu", Image: "alpine-3.24", CPUs: 2, Memory: 2 * hcl.GiB, Disk: 40 * hcl.GiB,
		Network:            netip.MustParsePrefix("10.77.0.0/24"),
		Daemon:             map[string]any{"log-driver": "local", "n": map[string]any{"deep": []any{json.Number("1"), true, nil}}},
		GuestPorts:         []string{"5432", "53/udp"},
		RegistryMirrors:    []string{"https://mirror.example.com"},
		InsecureRegistries: []string{"10.0.0.0/8", "registry.local:5000", "[::1]:5000"},
		DNS:                []netip.Addr{netip.MustParseAddr("192.0.2.53"), netip.MustParseAddr("2001:db8::1")},
		CACertificates:     []string{"ca.pem"},
		Proxy:              redact.Proxy{HTTP: "http://proxy:3128", HTTPS: "socks5://proxy:1080", No: "localhost,.example.com"},
	}
}

// TestWhere: each value and each block has its place, by which the checks
// of internal/plan point at it.
func TestWhere(t *testing.T) {
	t.Parallel()
	cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(whole), hcl.Options{})
	if len(diags) > 0 {
		t.Fatalf("Parse() = diagnostics %v, want none", diags)
	}
	m := cfg.Machines[0]
	tests := map[string]string{
		"": `machine "dev"`, "provider": `"virtualbox"`, "box": `"bento/freebsd-15"`, "memory": `"6GiB"`,
		"storage": "storage", "storage.compression": `"zstd-3"`,
		"engine": "engine", "engine.memory": `"2GiB"`, "engine.network": `"10.77.0.0/24"`,
		"engine.dns.1": `"2001:db8::1"`, "engine.ca_certificates.0": `"ca.pem"`, "engine.proxy": "proxy",
		"engine.proxy.no": `"localhost,.example.com"`,
		"mount.0":         `mount "."`, "mount.0.target": `mount "."`, "mount.1.target": `"/opt/src"`,
		"share.0": `share "scratch"`, "share.0.type": `"nfs"`, "forward": "forward", "forward.bind": `"127.0.0.1"`, "forward.max": "2000",
		"provision.0": `provision "tools"`, "provision.0.on": `"engine"`, "provision.1.script": `"setup.sh"`,
		"no.such.place": `machine "dev"`,
	}
	for path, want := range tests {
		r := m.At(path)
		if got := whole[r.Start.Byte:r.End.Byte]; got != want || r.File != "fbdock.hcl" {
			t.Errorf("At(%q) is %q, want %q", path, got, want)
		}
	}
}

func TestTwoMachinesHaveTheirOwnPlaces(t *testing.T) {
	t.Parallel()
	const text = "machine \"a\" {\n  cpus = 2\n}\nmachine \"b\" {\n  cpus = 3\n}\n"
	cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(text), hcl.Options{})
	if len(diags) > 0 {
		t.Fatalf("Parse() = diagnostics %v, want none", diags)
	}
	for i, line := range []int{2, 5} {
		if got := cfg.Machines[i].At("cpus").Start.Line; got != line {
			t.Errorf("machine %d: line %d, want %d", i, got, line)
		}
	}
}

func TestFileIsRelativeToTheConfiguration(t *testing.T) {
	t.Parallel()
	path := write(t, "fbdock.hcl", `machine "dev" {
  provision "p" { inline = file("scripts/p.sh") }
}`)
	dir := filepath.Join(filepath.Dir(path), "scripts")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "p.sh"), []byte("\xef\xbb\xbfecho a\r\necho b\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, diags := hcl.Load(path, hcl.Options{})
	if len(diags) > 0 {
		t.Fatalf("Load() = diagnostics %v, want none", diags)
	}
	if got := cfg.Machines[0].Provisions[0].Inline; got != "echo a\necho b\n" {
		t.Errorf("inline script = %q, want \"echo a\\necho b\\n\"", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "p.sh"), []byte("\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, diags = hcl.Load(path, hcl.Options{})
	if d := only(t, diags); !strings.Contains(d.Detail, "scripts/p.sh: the file is binary") {
		t.Errorf("Load() with a binary file = %+v, want one that says scripts/p.sh is binary", d)
	}
}
