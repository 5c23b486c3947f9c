package command

import (
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/parcel"
)

// folder takes along a folder that a build reads, as it is described.
func (c *cargo) folder(item string, f dockerpaths.File, info fs.FileInfo, as parcel.Item) error {
	if info == nil || !info.IsDir() {
		return c.read(item, f, info) // docker says what is wrong with it
	}
	as.Name, as.Host, as.Follow = item, f.Path, true
	c.items = append(c.items, as)
	c.replace(f, c.at(item), f.Source)
	return nil
}

// exported brings back what a build writes by --output: a folder, or an archive
// (docker/buildx, build/opt.go). Where the build deletes what it has not
// written, the folder has to be in a mount.
func (c *cargo) exported(item string, f dockerpaths.File, info fs.FileInfo, line dockerflags.Line) error {
	value := ""
	for _, v := range line.Values {
		if v.Word == f.Arg {
			value = v.Text
		}
	}
	fields := dockerflags.Fields(value)
	kind := fields.Get("type")
	if value == f.Source {
		kind = "local"
	}
	folder := kind == "local"
	if kind == "oci" || kind == "docker" {
		archive, err := strconv.ParseBool(fields.Get("tar"))
		folder = err == nil && !archive
	}
	switch {
	case kind == "local" && fields.Get("mode") != "" && fields.Get("mode") != "copy":
		return c.host.Outside(f.Path)
	case folder:
		return c.folderOut(item, f, info, kind != "local")
	case kind == "tar" || kind == "oci" || kind == "docker":
		return c.archiveOut(item, f, info)
	}
	return c.host.Outside(f.Path)
}

// folderOut brings back a folder that a build adds files to. With index it is
// one of images or of a cache, whose index is added to (moby/buildkit,
// client/ociindex); the files that the index names need not be there.
func (c *cargo) folderOut(item string, f dockerpaths.File, info fs.FileInfo, index bool) error {
	name := path.Join(item, strings.TrimLeft(filepath.ToSlash(filepath.Base(f.Path)), "/"))
	c.replace(f, c.at(name), f.Source)
	switch {
	case info == nil:
		c.items = append(c.items, parcel.Item{Name: item, Dir: true})
		c.fetches = append(c.fetches, fetch{
			item: name, dir: filepath.Dir(f.Path), name: filepath.Base(f.Path), optional: true, make: true,
		})
		return nil
	case !info.IsDir():
		c.items = append(c.items, parcel.Item{Name: name, Data: []byte{}}) // docker refuses it
		return nil
	}
	c.items = append(c.items, parcel.Item{Name: name, Dir: true})
	if index {
		for _, file := range []string{"index.json", "oci-layout"} {
			if info, err := os.Lstat(filepath.Join(f.Path, file)); err == nil && info.Mode().IsRegular() {
				c.items = append(c.items, parcel.Item{Name: path.Join(name, file), Host: filepath.Join(f.Path, file)})
			}
		}
	}
	c.fetches = append(c.fetches, fetch{item: name, dir: f.Path, name: ".", optional: true})
	return nil
}

// archiveOut brings back a file of any size that a build writes.
func (c *cargo) archiveOut(item string, f dockerpaths.File, info fs.FileInfo) error {
	name := path.Join(item, filepath.Base(f.Path))
	c.replace(f, c.at(name), f.Source)
	switch {
	case info != nil && info.IsDir():
		c.items = append(c.items, parcel.Item{Name: name, Dir: true}) // docker refuses it
		return nil
	case info != nil && !info.Mode().IsRegular():
		return hostfile.Regular(f.Path, info.Mode())
	}
	c.items = append(c.items, parcel.Item{Name: item, Dir: true})
	c.fetches = append(c.fetches, fetch{
		item: name, dir: filepath.Dir(f.Path), name: filepath.Base(f.Path), limit: math.MaxInt64, optional: true, make: true,
	})
	return nil
}
