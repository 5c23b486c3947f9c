package provision_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/provision"
)

// TestDaemonOfThisDockerd: the engine's script takes the daemon.json that
// goes with what `dockerd --version` says, and restarts dockerd only when
// something has changed.
func TestDaemonOfThisDockerd(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("engine/setup.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, function, _ := strings.Cut(string(script), "\ndocker_engine() {\n")
	function, _, found := strings.Cut(function, "\n}\n")
	if !found {
		t.Fatal("engine/setup.sh has no function docker_engine, want one")
	}
	const stubs = `FBDOCK_DAEMON_20=20 FBDOCK_DAEMON_23=23 FBDOCK_DAEMON_29=29 FBDOCK_TLS_CA=a FBDOCK_TLS_CERT=b FBDOCK_TLS_KEY=c
put() { [ "$1" = /etc/docker/daemon.json ] || return 1; echo "daemon.json $3"; [ "$3" != "$HAD" ]; }
rc_service() { echo "$*"; }
docker() { :; }
say() { :; }
fail() { echo "fail $*"; exit 1; }
dockerd() { echo "$DOCKERD"; }
`
	for version, want := range map[string]string{
		"Docker version 20.10.24+dfsg1, build 297e128":        "20",
		"Docker version 23.0.0, build 1":                      "23",
		"Docker version 27.5.1, build 27.5.1-r0":              "23",
		"Docker version 28.3.3, build bea959c7":               "23",
		"Docker version 29.0.0, build 1":                      "29",
		"Docker version 29.7.2, build 1":                      "29",
		"Docker version 30.1.0-rc.1, build 1":                 "29",
		"Docker version dev, build ":                          "29",
		"Docker version v0.0.0-20260801000000-abcdef, build ": "29",
	} {
		for had, restart := range map[string]string{want: "", "other": "docker stop\n"} {
			body := stubs + "docker_engine() {\n" + strings.NewReplacer("rc-service", "rc_service", "rc-update", ":").Replace(function) + "\n}\ndocker_engine\n"
			cmd := exec.CommandContext(t.Context(), "sh", "-c", body)
			cmd.Env = append(os.Environ(), "DOCKERD="+version, "HAD="+had)
			out, err := cmd.CombinedOutput()
			if all := "daemon.json " + want + "\n" + restart + "cgroups start\ndocker start\n"; err != nil || string(out) != all {
				t.Errorf("%s with %s: %v, %q, want %q", version, had, err, out, all)
			}
		}
	}
}

// TestEngineSettingsArrive: what a user sets for dockerd is in its seed.
func TestEngineSettingsArrive(t *testing.T) {
	t.Parallel()
	m := machine()
	m.Engine.Proxy = redact.Proxy{HTTP: "http://proxy:3128", HTTPS: "http://proxy:3129", No: ".corp"}
	m.Engine.CACertificates = []string{"/etc/corp.pem"}
	p, err := provision.Render(m, provision.Inputs{ImageSHA512: digest(), CACertificates: []provision.Bundle{companyBundle(), companyBundle()}})
	if err != nil {
		t.Fatal(err)
	}
	values, _, _ := strings.Cut(string(p.File("seed/user-data")), "# shellcheck shell=sh")
	ca := string(companyPEM)
	for name, want := range map[string]string{
		"FBDOCK_HTTP_PROXY": "http://proxy:3128", "FBDOCK_HTTPS_PROXY": "http://proxy:3129", "FBDOCK_NO_PROXY": ".corp,localhost,127.0.0.1,10.77.0.0/24",
		"FBDOCK_CA_CERTIFICATES": ca + ca,
	} {
		if got := evaluate(t, []byte(values), name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, class := range []string{"23", "29"} {
		got, _ := daemonOf(t, values, class)["proxies"].(map[string]any)
		if got["http-proxy"] != "http://proxy:3128" || got["https-proxy"] != "http://proxy:3129" || got["no-proxy"] != ".corp,localhost,127.0.0.1,10.77.0.0/24" {
			t.Errorf("daemon.json of dockerd %s: proxies = %v, want http://proxy:3128, http://proxy:3129 and the list of FBDOCK_NO_PROXY", class, got)
		}
	}
}
