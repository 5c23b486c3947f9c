package reach_test

import (
	"errors"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/reach"
)

// host is one whose links are those of the map.
func host(links map[string]string) reach.Computer {
	return reach.Computer{
		GOOS: "linux", Home: "/home/ada", Private: []string{"/home/ada/state"},
		Real: func(path string) (string, error) {
			if path == "/broken" {
				return "", errors.New("it is a link to what does not exist")
			}
			if to, ok := links[path]; ok {
				return to, nil
			}
			return filepath.Clean(path), nil
		},
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the paths are those of Unix")
	}
	mounts := func(m ...plan.Mount) plan.Machine { return plan.Machine{Provider: "libvirt", Mounts: m} }
	loopback := plan.Loopback()
	for what, tt := range map[string]struct {
		dir     string
		machine plan.Machine
		reads   reach.Reads
		want    []string
	}{
		"nothing":           {machine: plan.Machine{Provider: "libvirt", Box: plan.Box{Name: "bento/freebsd-15", Listed: true}, Forward: loopback}},
		"inside":            {machine: mounts(plan.Mount{Source: "/p"}, plan.Mount{Source: "/p/a"})},
		"a sibling":         {machine: mounts(plan.Mount{Source: "/p2"}), want: []string{"mount /p2 read-write"}},
		"a parent":          {dir: "/srv/p", machine: mounts(plan.Mount{Source: "/srv", ReadOnly: true}), want: []string{"mount /srv read-only"}},
		"a copy":            {machine: mounts(plan.Mount{Source: "/data", Type: "copy"}), want: []string{"mount /data read-only"}},
		"both ways":         {machine: mounts(plan.Mount{Source: "/data", ReadOnly: true}, plan.Mount{Source: "/data", Target: "/x"}), want: []string{"mount /data read-write"}},
		"a link out":        {machine: mounts(plan.Mount{Source: "/p/out"}), want: []string{"mount /etc read-write!"}},
		"a link in":         {machine: mounts(plan.Mount{Source: "/elsewhere"})},
		"a broken link":     {machine: mounts(plan.Mount{Source: "/broken"}), want: []string{"mount /broken read-write"}},
		"the home":          {machine: mounts(plan.Mount{Source: "/home/ada"}), want: []string{"mount /home/ada read-write!"}},
		"all homes":         {machine: mounts(plan.Mount{Source: "/home"}), want: []string{"mount /home read-write!"}},
		"the root":          {machine: mounts(plan.Mount{Source: "/"}), want: []string{"mount / read-write!"}},
		"a home as project": {dir: "/home/ada", machine: mounts(plan.Mount{Source: "/home/ada"}, plan.Mount{Source: "/home/ada/src"}), want: []string{"mount /home/ada read-write!"}},
		"keys":              {machine: mounts(plan.Mount{Source: "/home/ada/.ssh", ReadOnly: true}), want: []string{"mount /home/ada/.ssh read-only!"}},
		"below keys":        {machine: mounts(plan.Mount{Source: "/home/ada/.ssh/x"}), want: []string{"mount /home/ada/.ssh/x read-write!"}},
		"the state":         {machine: mounts(plan.Mount{Source: "/home/ada/state"}), want: []string{"mount /home/ada/state read-write!"}},
		"work":              {machine: mounts(plan.Mount{Source: "/home/ada/src"}), want: []string{"mount /home/ada/src read-write"}},
		"the system's":      {machine: mounts(plan.Mount{Source: "/usr/share/dict", ReadOnly: true}), want: []string{"mount /usr/share/dict read-only!"}},
		"files": {
			machine: plan.Machine{Provider: "libvirt", Engine: plan.Engine{CACertificates: []string{"/p/ca", "/ca"}, Image: plan.Image{Path: "/img"}},
				Provisions: []plan.Provision{{Script: "/p/s"}, {Script: "/s"}, {Inline: "x"}}},
			want: []string{"certificate /ca", "image /img", "script /s"},
		},
		"reads":       {reads: reach.Reads{Files: []string{"/etc/shadow"}, Variables: []string{"TOKEN", "HOME", "LC_ALL", "FBDOCK_VAR_x"}}, want: []string{"env TOKEN", "file /etc/shadow!"}},
		"forward":     {machine: plan.Machine{Forward: netip.MustParseAddr("192.0.2.1")}, want: []string{"forward 192.0.2.1!"}},
		"forward all": {machine: plan.Machine{Forward: netip.MustParseAddr("::")}, want: []string{"forward ::!"}},
		"loopback 6":  {machine: plan.Machine{Forward: netip.MustParseAddr("::1")}},
		"a box from a URL": {
			machine: plan.Machine{Provider: "libvirt", Box: plan.Box{Name: "me/box", URL: "https://me:hunter2@b.example/c.json"}},
			want:    []string{"box me/box from https://***@b.example/c.json!"},
		},
		"a box file": {machine: plan.Machine{Provider: "libvirt", Box: plan.Box{Name: "me/box", File: "/p/c.box"}}, want: []string{"box me/box of the file /p/c.box!"}},
		"a box":      {machine: plan.Machine{Provider: "libvirt", Box: plan.Box{Name: "evil/box"}}, want: []string{"box evil/box!"}},
		"external": {
			machine: plan.Machine{Provider: plan.ProviderSSH, Host: "ssh://me@metal", Box: plan.Box{}, Mounts: []plan.Mount{{Source: "/data"}}},
			want:    []string{"host me@metal", "mount /data read-write to me@metal"},
		},
	} {
		dir := tt.dir
		if dir == "" {
			dir = "/p"
		}
		all := reach.Of(plan.Plan{Dir: dir, Machines: []plan.Machine{tt.machine}}, tt.reads, host(map[string]string{"/p/out": "/etc", "/elsewhere": "/p/a"}))
		var got []string
		for _, r := range all {
			text := strings.TrimSpace(string(r.Kind) + " " + r.What + " " + string(r.Access))
			if r.To != "" {
				text += " to " + r.To
			}
			if r.Warning != "" {
				text += "!"
			}
			if s := r.String(); !strings.Contains(s, r.What) || strings.Contains(s, "%!") {
				t.Errorf("String() of %s = %q, want it to hold What and no format error", what, s)
			}
			got = append(got, text)
		}
		if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("Of(%s) = %q, want %q", what, got, tt.want)
		}
	}
}

// A record of one agreement says no more than what was asked.
func TestKeys(t *testing.T) {
	t.Parallel()
	read := reach.Reach{Kind: reach.Mount, What: "/data", Access: reach.ReadOnly}
	write := reach.Reach{Kind: reach.Mount, What: "/data", Access: reach.ReadWrite}
	if len(write.Keys()) != 1 || len(read.Keys()) != 2 || read.Keys()[1] != write.Keys()[0] {
		t.Errorf("Keys() = %q and %q, want who may write to read", read.Keys(), write.Keys())
	}
	seen := map[string]reach.Reach{}
	for _, r := range []reach.Reach{
		read, write, {Kind: reach.Mount, What: "/data x", Access: reach.ReadWrite}, {Kind: reach.File, What: "/data"}, {Kind: reach.Mount, What: "/data", Access: reach.ReadWrite, To: "x"},
		{Kind: reach.Mount, What: `/data" x`, Access: reach.ReadWrite}, {Kind: reach.Env, What: "A"}, {Kind: reach.Env, What: "A\nB"},
	} {
		key := r.Keys()[0]
		if other, twice := seen[key]; twice {
			t.Errorf("Keys() of %+v and of %+v = %q, want different ones", r, other, key)
		}
		seen[key] = r
	}
}
