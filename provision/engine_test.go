package provision_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/provision"
)

// daemon is the daemon.json that a dockerd of that class gets, read back
// through a shell from the seed's script.
func daemon(t *testing.T, m plan.Machine, class string) map[string]any {
	t.Helper()
	p, err := provision.Render(m, provision.Inputs{ImageSHA512: digest(), Proxy: redact.Proxy{HTTP: "http://proxy:3128"}})
	if err != nil {
		t.Fatal(err)
	}
	values, _, _ := strings.Cut(string(p.File("seed/user-data")), "# shellcheck shell=sh")
	return daemonOf(t, values, class)
}

func daemonOf(t *testing.T, values, class string) map[string]any {
	t.Helper()
	text := evaluate(t, []byte(values), "FBDOCK_DAEMON_"+class)
	var d map[string]any
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("daemon.json of dockerd %s: error = %v, want valid JSON:\n%s", class, err, text)
	}
	return d
}

func TestDaemonMatchesItsVersion(t *testing.T) {
	t.Parallel()
	for class, want := range map[string]struct {
		minAPI, driver string
		proxies        bool
	}{
		"20": {"", "overlay2", false},
		"23": {"", "overlay2", true},
		"29": {"1.24", "", true},
	} {
		d := daemon(t, machine(), class)
		minAPI, _ := d["min-api-version"].(string)
		driver, _ := d["storage-driver"].(string)
		if _, proxies := d["proxies"]; minAPI != want.minAPI || driver != want.driver || proxies != want.proxies {
			t.Errorf("daemon.json of dockerd %s = %v, want %+v", class, d, want)
		}
		if d["tlsverify"] != true || d["live-restore"] != true || d["data-root"] != "/var/lib/docker" {
			t.Errorf("daemon.json of dockerd %s = %v, want tlsverify, live-restore and data-root /var/lib/docker", class, d)
		}
		hosts := []any{"unix:///var/run/docker.sock", "tcp://10.77.0.2:2376"}
		if diff := cmp.Diff(hosts, d["hosts"]); diff != "" {
			t.Errorf("daemon.json of dockerd %s: hosts (-want +got):\n%s", class, diff)
		}
	}
}

func TestUsersDaemonSettingsComeLast(t *testing.T) {
	t.Parallel()
	m := machine()
	m.Engine.DNS = []netip.Addr{netip.MustParseAddr("9.9.9.9")}
	m.Engine.RegistryMirrors = []string{"https://mirror"}
	m.Engine.InsecureRegistries = []string{"registry:5000"}
	m.Engine.Daemon = map[string]any{
		"log-driver": "journald", "min-api-version": "1.44", "storage-driver": "btrfs", "debug": true,
		"default-ulimits": map[string]any{"nofile": map[string]any{"Hard": 1, "Name": "nofile"}},
	}
	d := daemon(t, m, "29")
	for key, want := range map[string]any{
		"log-driver": "journald", "min-api-version": "1.44", "storage-driver": "btrfs", "debug": true, "log-opts": nil,
		"dns": []any{"9.9.9.9"}, "registry-mirrors": []any{"https://mirror"}, "insecure-registries": []any{"registry:5000"},
	} {
		if diff := cmp.Diff(want, d[key]); diff != "" {
			t.Errorf("daemon.json of dockerd 29: %s (-want +got):\n%s", key, diff)
		}
	}
	if _, there := daemon(t, m, "23")["min-api-version"]; there {
		t.Error("daemon.json of dockerd 23 has min-api-version, want none: that dockerd refuses to start with it")
	}
}

func TestSeedNamesTheMachine(t *testing.T) {
	t.Parallel()
	m := machine()
	s := secrets(t, m)
	p, err := provision.Render(m, provision.Inputs{Secrets: s, ImageSHA512: digest()})
	if err != nil {
		t.Fatal(err)
	}
	for file, wants := range map[string][]string{
		"seed/meta-data": {
			"instance-id: fbdock-@ID@\n", "local-hostname: dev\n", s.EngineKey.Authorized,
			"    address 10.77.0.2/24\n    gateway 10.77.0.1\n    dns-nameservers @DNS@\n",
		},
		"seed/network-config": {`macaddress: "58:9c:fc:00:00:02"`, "set-name: eth0\n", "- 10.77.0.2/24\n", "gateway4: 10.77.0.1\n"},
		"seed/user-data":      {"\nFBDOCK_DNS=''\n", "\nFBDOCK_NINEP='yes'\n", s.GuestKey.Authorized},
	} {
		for _, want := range wants {
			if !strings.Contains(string(p.File(file)), want) {
				t.Errorf("Render(): %s =\n%.600s\nwant %q in it", file, p.File(file), want)
			}
		}
	}
	if !strings.HasPrefix(string(p.File("seed/user-data")), "#!/bin/sh\n") {
		t.Errorf("Render(): seed/user-data begins with %.20q, want #!/bin/sh", p.File("seed/user-data"))
	}
}
