package contract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/provision/contract"
)

func TestParseJails(t *testing.T) {
	t.Parallel()
	got := contract.ParseJails("noise\nfbdock-jail web running 15.1 10.79.0.10 declared boot 4096 web.example\nfbdock-jail short\nfbdock-jail db stopped 14.2 inherit by-hand manual x db\n")
	want := []contract.Jail{
		{Name: "web", State: "running", Release: "15.1", Address: "10.79.0.10", Declared: true, Boot: true, Used: 4096, Hostname: "web.example"},
		{Name: "db", State: "stopped", Release: "14.2", Address: "inherit", Hostname: "db"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ParseJails() (-want +got):\n%s", diff)
	}
	if jails := contract.ParseJails(""); jails == nil || len(jails) != 0 {
		t.Errorf("ParseJails of nothing = %#v, want an empty list", jails)
	}
}

// TestParseJailBases: only what may be in a lock file is taken from a guest.
func TestParseJailBases(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0a", 64)
	want := []contract.JailBase{{Release: "15.1", Architecture: "amd64", SHA512: sum}}
	out := "fbdock-jail-base 15.1 amd64 " + sum + "\n"
	for _, line := range []string{"../x amd64 " + sum, "15.1 amd64 " + sum[1:], "15.1 am/d64 " + sum, "15.1 amd64", "15.1 amd64 " + sum + " more"} {
		out += "fbdock-jail-base " + line + "\n"
	}
	if got := contract.ParseJailBases(out); !slices.Equal(got, want) {
		t.Errorf("ParseJailBases(%q) = %v, want %v", out, got, want)
	}
}

// FuzzJailLines: each jail and base has a line of its own, whose words it has.
func FuzzJailLines(f *testing.F) {
	f.Add("fbdock-jail web running 15.1 10.79.0.10 declared boot 1 w\nfbdock-jail-base 15.1 amd64 " + strings.Repeat("0a", 64) + "\nfbdock-jail-limit memory -\nfbdock-jail-used pcpu 3")
	f.Fuzz(func(t *testing.T, out string) {
		for _, j := range contract.ParseJails(out) {
			if !strings.Contains(out, j.Name) || j.Used < 0 {
				t.Fatalf("ParseJails(%q) has %+v, want a name of the text and no negative size", out, j)
			}
		}
		for _, b := range contract.ParseJailBases(out) {
			if !strings.Contains(out, b.Release) || len(b.SHA512) != 128 {
				t.Fatalf("ParseJailBases(%q) has %+v, want a release of the text and a digest", out, b)
			}
		}
		for _, l := range contract.ParseJailLimits(out) {
			if l.Value < 0 {
				t.Fatalf("ParseJailLimits(%q) has %+v, want no negative value", out, l)
			}
		}
	})
}
