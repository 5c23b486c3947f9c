package command

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/parcel"
)

// maxPiped bounds what a command line names that is no regular file, such as
// the /dev/fd/63 of a shell's <(...).
const maxPiped = 64 << 20

// maxWritten bounds a file that docker writes beside its output, such as an
// identifier or the metadata of a build.
const maxWritten = 64 << 20

// cargo is what a docker command line by the CLI of the guest takes along: its
// files outside of the mounts, and its environment. It has a folder of its own
// in the guest, which only the user there can read, and which ends with the
// command.
type cargo struct {
	dir     string // of the guest
	program string // docker or podman
	args    []string
	// items go to the guest before the command, fetches come back after it.
	items   []parcel.Item
	fetches []fetch
	// names are the paths of the guest and those of this host in their place,
	// for what the CLI says.
	names [][2]string
	// input is a file in place of standard input, output one in place of
	// standard output.
	input, output string

	host dockerpaths.Host
	// private is what no guest may change on this host.
	private []string
}

// fetch is a file or folder that the command writes: name in dir of this host.
// It is brought where the command has succeeded.
type fetch struct {
	item      string // in the cargo's folder
	dir, name string
	// limit is for one file of at most that many bytes; 0 is a folder or a file
	// of any size.
	limit int64
	// always brings it after a failure as well.
	always bool
	// optional tells that the command may not have written it.
	optional bool
	// make makes dir where it is not there.
	make bool
	// watched is brought while the command runs.
	watched bool
}

func newCargo(args []string, host dockerpaths.Host, private []string) *cargo {
	return &cargo{program: "docker", dir: "/tmp/fbdock." + strings.ToLower(rand.Text()[:16]), args: args, host: host, private: private}
}

// load takes along what the command line names outside of the mounts. The
// flags come last, as they may lie in a folder that an argument names.
func (c *cargo) load(files []dockerpaths.File) error {
	slices.SortStableFunc(files, func(a, b dockerpaths.File) int {
		if order := kindOrder(a) - kindOrder(b); order != 0 {
			return order
		}
		return b.Arg - a.Arg // from the back: places before stay where they are
	})
	for i, f := range files {
		if err := c.file(strconv.Itoa(i), f); err != nil {
			return err
		}
	}
	return nil
}

// kindOrder has a Dockerfile behind the folder that may hold it, and last what
// takes words out of the command line.
func kindOrder(f dockerpaths.File) int {
	switch {
	case f.Kind == dockerflags.BuildDir:
		return 0
	case f.Flag == "output" || f.Flag == "input":
		return 2
	}
	return 1
}

func (c *cargo) file(item string, f dockerpaths.File) error {
	line := dockerflags.ParseLine(c.args)
	info, err := os.Stat(f.Path)
	switch f.Kind {
	case dockerflags.Read, dockerflags.Secret, dockerflags.Security, dockerflags.Policy, dockerflags.ExternalCA:
		if strings.HasPrefix(line.Path, "stack") || strings.HasPrefix(line.Path, "buildx bake") || line.Path == "bake" {
			break // it names other files
		}
		if line.Is("load", "import") && err == nil {
			c.input = f.Path
			if f.Flag == "" {
				f.Replace(c.args, "-")
			} else {
				c.drop(f)
			}
			return nil
		}
		return c.read(item, f, info)
	case dockerflags.Dockerfile:
		return c.dockerfile(item, f, info)
	case dockerflags.BuildDir:
		return c.folder(item, f, info, parcel.Item{Context: true, Dockerfiles: []string{"Dockerfile"}})
	case dockerflags.Context: // with a .dockerignore of its own (docs.docker.com/reference/cli/docker/buildx/build)
		return c.folder(item, f, info, parcel.Item{Context: true})
	case dockerflags.Cache:
		if f.Flag == "cache-from" {
			return c.folder(item, f, info, parcel.Item{})
		}
		return c.folderOut(item, f, info, true)
	case dockerflags.Output:
		return c.exported(item, f, info, line)
	case dockerflags.Copy:
		if line.Args()[0].Word != f.Arg {
			return c.copyOut(item, line.Args()[0].Text, f, info)
		}
		if line.Has("archive") {
			break // owners would be lost
		}
		return c.copyIn(item, f, line.Has("follow-link"))
	case dockerflags.Write:
		return c.write(item, f, line)
	}
	return c.host.Outside(f.Path)
}

// at is where an item is in the guest.
func (c *cargo) at(item string) string { return path.Join(c.dir, item) }

// replace writes a path of the guest into the command line, and has it called
// by the name of this host in what the CLI says.
func (c *cargo) replace(f dockerpaths.File, guest, host string) {
	f.Replace(c.args, guest)
	if host != "" {
		c.names = append(c.names, [2]string{guest, host})
	}
}

// drop takes a flag and its value out of the command line: --input x,
// --input=x, -i x, -ix, and -qi x, of which -q stays.
func (c *cargo) drop(f dockerpaths.File) {
	flag := f.Arg
	if f.At == 0 {
		c.args = slices.Delete(c.args, f.Arg, f.Arg+1)
		flag--
	}
	before := c.args[flag]
	if f.At > 0 {
		before = strings.TrimSuffix(before[:f.At], "=")
	}
	if strings.HasPrefix(before, "--") || len(before) <= 2 {
		c.args = slices.Delete(c.args, flag, flag+1)
	} else {
		c.args[flag] = before[:len(before)-1]
	}
}

// read takes a file along. One that is not found is not: docker says so.
func (c *cargo) read(item string, f dockerpaths.File, info fs.FileInfo) error {
	name := path.Join(item, filepath.Base(f.Path))
	switch {
	case info == nil && filepath.IsAbs(f.Source):
		return nil // a path of the guest
	case info == nil:
		c.items = append(c.items, parcel.Item{Name: item, Dir: true})
	case info.IsDir():
		c.items = append(c.items, parcel.Item{Name: name, Dir: true})
	case info.Mode().IsRegular():
		c.items = append(c.items, parcel.Item{Name: name, Host: f.Path, Follow: true})
	default:
		data, err := readPiped(f.Path)
		if err != nil {
			return err
		}
		c.items = append(c.items, parcel.Item{Name: name, Data: data})
	}
	c.replace(f, c.at(name), f.Source)
	return nil
}

// openNamed opens what the user's own command line names, a pipe of the shell
// included.
func openNamed(name string) (*os.File, error) { return os.Open(name) }

func readPiped(name string) (data []byte, err error) {
	file, err := openNamed(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	data, err = io.ReadAll(io.LimitReader(file, maxPiped+1))
	if err == nil && len(data) > maxPiped {
		err = &hostfile.SizeError{Path: name, Limit: maxPiped}
	}
	return data, err
}

// dockerfile takes a Dockerfile along, unless the folder that is built has it,
// with the .dockerignore of its own that BuildKit looks for beside it.
func (c *cargo) dockerfile(item string, f dockerpaths.File, info fs.FileInfo) error {
	for i, known := range c.items {
		if rel, err := filepath.Rel(known.Host, f.Path); known.Host != "" && err == nil && filepath.IsLocal(rel) {
			c.items[i].Dockerfiles = append(c.items[i].Dockerfiles, rel)
			c.replace(f, c.at(path.Join(known.Name, filepath.ToSlash(rel))), f.Source)
			return nil
		}
	}
	if _, err := os.Stat(f.Path + ".dockerignore"); err == nil {
		c.items = append(c.items, parcel.Item{
			Name: path.Join(item, filepath.Base(f.Path)+".dockerignore"), Host: f.Path + ".dockerignore", Follow: true,
		})
	}
	return c.read(item, f, info)
}

// write brings back a file that docker writes. save and export write it to
// standard output, so that it need not fit into the guest.
func (c *cargo) write(item string, f dockerpaths.File, line dockerflags.Line) error {
	parent, err := os.Stat(filepath.Dir(f.Path))
	if err == nil && line.Is("save", "export") && f.Flag == "output" && f.At >= 0 {
		if info, err := os.Stat(f.Path); err != nil || info.Mode().IsRegular() {
			c.output = f.Path
			c.drop(f)
			return nil
		}
	}
	name := path.Join(item, filepath.Base(f.Path))
	if err != nil || !parent.IsDir() {
		name = path.Join(item, "no", filepath.Base(f.Path))
		c.names = append(c.names, [2]string{c.at(path.Join(item, "no")), filepath.Dir(f.Source)})
		c.items = append(c.items, parcel.Item{Name: item, Dir: true})
	} else {
		c.items = append(c.items, parcel.Item{Name: item, Dir: true})
		if info, err := os.Stat(f.Path); err == nil {
			if !info.IsDir() && !info.Mode().IsRegular() {
				return hostfile.Regular(f.Path, info.Mode())
			}
			c.items = append(c.items, parcel.Item{Name: name, Dir: info.IsDir(), Data: []byte{}})
		}
		if info, err := os.Stat(f.Path); err != nil || !info.IsDir() { // docker refuses a folder
			c.fetches = append(c.fetches, fetch{
				item: name, dir: filepath.Dir(f.Path), name: filepath.Base(f.Path),
				limit: maxWritten, always: true, optional: true, watched: f.Flag == "cidfile",
			})
		}
	}
	c.replace(f, c.at(name), f.Source)
	return nil
}
