package images

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// registries are the hosts of the public registry of boxes, by all the names
// that Vagrant's releases have for it.
var registries = []string{"vagrantcloud.com", "app.vagrantup.com", "atlas.hashicorp.com", "api.cloud.hashicorp.com"}

// maxAddress bounds the file that says where a box came from.
const maxAddress = 8 << 10

// CheckBoxOwner refuses a box whose name Vagrant has for one from elsewhere, as
// another project's box_url may have brought it: Vagrant takes a box that is
// installed for the one with the name, and does not look at where it is from
// (box_collection.rb, which writes metadata_url beside the versions). Boxes that
// fbdock makes and box files have names and versions that tell their content.
func CheckBoxOwner(env host.Env, box plan.Box) error {
	if box.Name == "" || box.Own || box.File != "" {
		return nil
	}
	home, err := vagrant.Home(env.Lookup)
	if err != nil {
		return nil //nolint:nilerr // Vagrant itself says so
	}
	folder := filepath.Join(home, "boxes", strings.NewReplacer(":", "-VAGRANTCOLON-", "/", "-VAGRANTSLASH-").Replace(box.Name))
	data, err := hostfile.ReadNow(filepath.Join(folder, "metadata_url"), maxAddress)
	from := untrusted.FirstLine(string(data))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if box.URL == "" || !holds(folder) {
			return nil // the user has added it by name, or nobody has
		}
		from = "a file"
	case err != nil:
		return fmt.Errorf("find out where the box %s came from: %w", box.Name, err)
	case box.URL != "" && same(from, box.URL), box.URL == "" && registered(env, from):
		return nil
	}
	wanted := "the registry"
	if box.URL != "" {
		wanted = redact.URL(box.URL)
	}
	return &failure.Error{
		Err: fmt.Errorf("the box %s that Vagrant has already came from %s and not from %s: it would be taken for it", box.Name, redact.URL(from), wanted),
		Next: fmt.Sprintf("give the box another name (box, with box_url), or remove the other one, which another project may use: `vagrant box remove %s --all`",
			box.Name), Code: failure.ExitUsage,
	}
}

// holds tells whether a folder has an entry.
func holds(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err == nil && len(entries) > 0
}

// same compares two addresses by what they lead to; a query may hold a token.
func same(a, b string) bool {
	x, err := url.Parse(a)
	y, other := url.Parse(b)
	return err == nil && other == nil && x.Scheme == y.Scheme && strings.EqualFold(x.Host, y.Host) && x.Path == y.Path
}

// registered tells whether an address is of the public registry, or of the one
// that the user has set.
func registered(env host.Env, address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return false
	}
	hosts := registries
	if server, ok := env.Lookup("VAGRANT_SERVER_URL"); ok {
		if s, err := url.Parse(server); err == nil {
			hosts = append(slices.Clone(hosts), s.Host)
		}
	}
	return slices.ContainsFunc(hosts, func(h string) bool { return h != "" && strings.EqualFold(h, u.Host) })
}
