package images_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/plan"
)

// A name that another project has brought a box for is refused before Vagrant
// takes that box for the one that is meant.
func TestBoxNameOfAnotherProject(t *testing.T) {
	t.Parallel()
	const mine = "https://boxes.example.com/freebsd.json"
	for name, tt := range map[string]struct {
		from string // what Vagrant has written down; "-" for nothing, "" for no box
		box  plan.Box
		want string
	}{
		"no box yet":               {"", plan.Box{Name: "me/freebsd", URL: mine}, ""},
		"the same":                 {mine, plan.Box{Name: "me/freebsd", URL: mine}, ""},
		"the same, with a token":   {mine + "?access_token=x", plan.Box{Name: "me/freebsd", URL: mine}, ""},
		"another address":          {"https://evil.example.com/freebsd.json", plan.Box{Name: "me/freebsd", URL: mine}, "came from https://evil.example.com/freebsd.json and not from " + mine},
		"a file":                   {"-", plan.Box{Name: "me/freebsd", URL: mine}, "came from a file and not from " + mine},
		"the registry's":           {"https://vagrantcloud.com/api/v2/vagrant/bento/freebsd-15", plan.Box{Name: "bento/freebsd-15"}, ""},
		"not the registry's":       {"https://evil.example.com/freebsd.json", plan.Box{Name: "bento/freebsd-15"}, "and not from the registry"},
		"a host of that name":      {"https://vagrantcloud.com.example.com/x", plan.Box{Name: "bento/freebsd-15"}, "and not from the registry"},
		"over plain HTTP":          {"http://vagrantcloud.com/x", plan.Box{Name: "bento/freebsd-15"}, "and not from the registry"},
		"the user's own registry":  {"https://registry.example.org/x", plan.Box{Name: "bento/freebsd-15"}, ""},
		"a file, added by name":    {"-", plan.Box{Name: "my/own"}, ""},
		"one that fbdock makes":    {"https://evil.example.com/x", plan.Box{Name: "fbdock/freebsd-15.1", Own: true}, ""},
		"a file with its checksum": {"https://evil.example.com/x", plan.Box{Name: "box-sha256-00", File: "/x.box"}, ""},
	} {
		home := t.TempDir()
		folder := filepath.Join(home, "boxes", strings.ReplaceAll(tt.box.Name, "/", "-VAGRANTSLASH-"))
		if tt.from != "" {
			if err := os.MkdirAll(filepath.Join(folder, "1.0", "libvirt"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if tt.from != "" && tt.from != "-" {
			if err := os.WriteFile(filepath.Join(folder, "metadata_url"), []byte(tt.from), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := images.CheckBoxOwner(host.Env{Environ: []string{"VAGRANT_HOME=" + home, "VAGRANT_SERVER_URL=https://registry.example.org"}}, tt.box)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || failure.Status(err) != failure.ExitUsage) {
			t.Errorf("CheckBoxOwner() with %s: error = %v, want %q", name, err, tt.want)
		}
	}
}
