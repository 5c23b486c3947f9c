package provision_test

import (
	"crypto/rand"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// day is the tests' today.
var day = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// machine is a plan with every feature that reaches a guest.
func machine() plan.Machine {
	return plan.Machine{
		Name: "dev", Instance: "fbdock-dev-0123abcd", Provider: "libvirt", CPUs: 4, Memory: 6 * hcl.GiB,
		Storage: plan.Storage{Pool: "auto", Compression: "lz4", ARCMax: 512 * hcl.MiB},
		Engine: plan.Engine{
			Hypervisor: "auto", Image: plan.Image{Name: "alpine-3.24", Architecture: "amd64"},
			CPUs: 2, Memory: 2 * hcl.GiB, Disk: 40 * hcl.GiB,
			Network: netip.MustParsePrefix("10.77.0.0/24"),
			Gateway: netip.MustParseAddr("10.77.0.1"), Address: netip.MustParseAddr("10.77.0.2"),
			MAC:    "58:9C:FC:00:00:02",
			Daemon: map[string]any{"log-driver": "local", "debug": true},
		},
		Mounts: []plan.Mount{{Source: "/home/me/src", Target: "/home/me/src", Type: "sshfs"}},
		Shares: []plan.Share{{Name: "scratch", Type: "nfs", Target: "/scratch"}, {Name: "fast", Type: "9p", Target: "/mnt/fast"}},
		Podman: true, EngineAccess: true,
		Provisions: []plan.Provision{
			{Name: "tools", On: "freebsd", Inline: "pkg install -y jq\n"},
			{Name: "pull", On: "engine", Inline: "docker pull busybox\n"},
		},
	}
}

func digest() string { return strings.Repeat("0123456789abcdef", 8) }

func secrets(t *testing.T, m plan.Machine) provision.Secrets {
	t.Helper()
	s, changed, err := provision.Secrets{}.Renew(m, day, rand.Reader)
	if err != nil || !changed {
		t.Fatalf("Renew() without keys: changed = %v, error = %v, want true and no error", changed, err)
	}
	return s
}

func render(t *testing.T, m plan.Machine) provision.Payload {
	t.Helper()
	p, err := provision.Render(m, provision.Inputs{Secrets: secrets(t, m), ImageSHA512: digest()})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stored are the secrets as they come back from the disk, renewed at now.
func stored(t *testing.T, s provision.Secrets, m plan.Machine, now time.Time) (provision.Secrets, bool) {
	t.Helper()
	read, err := provision.ReadSecrets(s.PEM())
	if err != nil {
		t.Fatal(err)
	}
	read, changed, err := read.Renew(m, now, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return read, changed
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func address(s string) netip.Addr { return netip.MustParseAddr(s) }
