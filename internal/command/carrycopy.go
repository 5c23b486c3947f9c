package command

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/parcel"
)

// copyIn takes along what docker cp reads, by its own name.
func (c *cargo) copyIn(item string, f dockerpaths.File, follow bool) error {
	name := path.Join(item, filepath.Base(f.Path))
	end := dockerpaths.Trailing(f.Source)
	if _, err := os.Lstat(f.Path); err != nil {
		c.items = append(c.items, parcel.Item{Name: item, Dir: true})
	} else {
		c.items = append(c.items, parcel.Item{Name: name, Host: f.Path, Follow: follow || end != ""})
	}
	f.Replace(c.args, c.at(name)+end)
	c.names = append(c.names, [2]string{c.at(name), f.Path})
	return nil
}

// copyOut has docker cp find what is there on this host as far as it matters:
// a folder, a file, or nothing in a folder that is there.
func (c *cargo) copyOut(item, from string, f dockerpaths.File, info fs.FileInfo) error {
	if info != nil && !info.IsDir() && !info.Mode().IsRegular() {
		return hostfile.Regular(f.Path, info.Mode())
	}
	base := filepath.Base(f.Path)
	dir, name := path.Join(item, "to"), path.Join(item, "to", base)
	_, err := os.Stat(filepath.Dir(f.Path))
	switch {
	case info != nil && info.IsDir():
		name = dir
		c.items = append(c.items, parcel.Item{Name: dir, Dir: true})
		back := fetch{item: dir, dir: f.Path, name: "."}
		// Only that name of the folder is the guest's to write.
		if base := copiedName(from); base != "" {
			back.item, back.name = path.Join(dir, base), base
		}
		c.fetches = append(c.fetches, back)
	case err != nil:
		c.items = append(c.items, parcel.Item{Name: item, Dir: true})
	default:
		c.items = append(c.items, parcel.Item{Name: dir, Dir: true})
		if info != nil {
			c.items = append(c.items, parcel.Item{Name: name, Data: []byte{}})
		}
		c.fetches = append(c.fetches, fetch{item: name, dir: filepath.Dir(f.Path), name: base})
	}
	f.Replace(c.args, c.at(name)+dockerpaths.Trailing(f.Source))
	c.names = append(c.names, [2]string{c.at(name), f.Path}, [2]string{c.at(dir), filepath.Dir(f.Path)})
	return nil
}

// copiedName is what docker cp makes of CONTAINER:PATH in a folder; "" where it
// is the content of PATH that goes there (docs.docker.com/reference/cli/docker/container/cp).
func copiedName(from string) string {
	_, name, _ := strings.Cut(from, ":")
	if strings.HasSuffix(name, "/.") {
		return ""
	}
	base := path.Base(path.Clean("/" + name))
	if base == "/" {
		return ""
	}
	return base
}
