// Package advice says which of the ways that fbdock knows is the right one
// for an image or a purpose: Linux containers on the engine, containers of
// FreeBSD itself under podman, jails, emulation, the FreeBSD guest as it is. It is pure:
// what it has to know of the machine and of the image is handed to it.
package advice

import (
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/remoteimage"
)

// Machine is what advice depends on.
type Machine struct {
	Name string `json:"name,omitempty"` // "" without a configuration
	// State says what it is now, for people.
	State        string `json:"state"`
	Architecture string `json:"architecture"` // amd64 or arm64
	Box          string `json:"box,omitempty"`
	Podman       bool   `json:"podman"`
}

// Path is one way to run something.
type Path struct {
	Name string `json:"name"`
	// For says what it is for, of an image for which platform.
	For        string `json:"for"`
	Support    string `json:"support"`
	Overhead   string `json:"overhead"`
	Complexity string `json:"complexity"`
	// State is that of this machine.
	State   string `json:"state"`
	Command string `json:"command,omitempty"`
}

// The names of paths.
const (
	Engine    = "engine"
	Podman    = "podman"
	Jail      = "jail"
	Emulation = "emulation"
	Guest     = "guest"
	None      = "none"
)

// Purposes are the words that name a path beside images.
func Purposes() []string {
	return []string{"linux", "compose", "freebsd", "isolation", "other-cpu", "vm"}
}

// Paths are all ways, the ones of a purpose alone where one is named.
func Paths(m Machine, purpose string) []Path {
	all := []Path{engine(m, ""), podman(m, ""), jail(m), emulation(m, "", ""), guest(m)}
	name := map[string]string{"linux": Engine, "compose": Engine, "freebsd": Podman, "isolation": Jail, "other-cpu": Emulation, "vm": Guest}[purpose]
	if purpose == "compose" {
		all[0].Command = "fbdock compose up -d"
	}
	if name == "" {
		return all
	}
	return slices.DeleteFunc(all, func(p Path) bool { return p.Name != name })
}

// ForImage are the ways to run an image, the best first.
func ForImage(m Machine, image remoteimage.Image) []Path {
	var paths []Path
	add := func(match func(remoteimage.Platform) bool, path func(remoteimage.Platform) Path) {
		if i := slices.IndexFunc(image.Platforms, match); i >= 0 {
			one := path(image.Platforms[i])
			one.For = image.Platforms[i].String()
			paths = append(paths, one)
		}
	}
	is := func(system string, own bool) func(remoteimage.Platform) bool {
		return func(p remoteimage.Platform) bool { return p.OS == system && (p.Architecture == m.Architecture) == own }
	}
	add(is("linux", true), func(remoteimage.Platform) Path { return engine(m, image.Short) })
	add(is("freebsd", true), func(remoteimage.Platform) Path { return podman(m, image.Name) })
	if len(paths) == 0 {
		add(is("linux", false), func(p remoteimage.Platform) Path { return emulation(m, p.String(), image.Short) })
		add(is("freebsd", false), func(remoteimage.Platform) Path {
			return none("FreeBSD emulates no other processor: use a host of that one, by `host = \"ssh://...\"`")
		})
	}
	if len(paths) == 0 {
		p := none("neither Linux nor FreeBSD can run it")
		var others []string
		for _, one := range image.Platforms {
			others = append(others, one.String())
		}
		p.For = strings.Join(others, ", ")
		paths = append(paths, p)
	}
	return paths
}

// Notes are what else matters of an image.
func Notes(m Machine, image remoteimage.Image) []string {
	var notes []string
	for _, p := range image.Platforms {
		if p.OS == "linux" && p.Architecture == m.Architecture && (p.Libc == "musl" || p.Libc == "uclibc") {
			notes = append(notes, "its programs use "+p.Libc+": the engine runs them as any other, FreeBSD's Linux emulation (`fbdock podman run --os=linux`) may not")
		}
	}
	return notes
}

func engine(m Machine, image string) Path {
	return Path{
		Name: Engine, For: "Linux containers, compose", Support: "full Docker API on a Linux kernel",
		Overhead: "a small virtual machine under bhyve", Complexity: "none: `fbdock docker` is docker",
		State: m.State, Command: "fbdock docker run --rm -it " + orWord(image),
	}
}

func podman(m Machine, image string) Path {
	p := Path{
		Name: Podman, For: "containers of FreeBSD itself", Support: "experimental, as FreeBSD's port says; images of FreeBSD only",
		Overhead: "none: jails on the guest's kernel", Complexity: "one block; full names of images",
		State: "add `podman {}` to the machine and run `fbdock up`", Command: "fbdock podman run --rm -it " + orWord(image),
	}
	if m.Podman {
		p.State = m.State
	}
	return p
}

func jail(m Machine) Path {
	return Path{
		Name: Jail, For: "services of FreeBSD, isolated", Support: "part of FreeBSD, complete",
		Overhead: "none", Complexity: "made by hand in the guest, by jail(8)", State: m.State, Command: "fbdock ssh",
	}
}

func emulation(m Machine, platform, image string) Path {
	p := Path{
		Name: Emulation, For: "Linux images of another processor", Support: "QEMU's user mode, by binfmt_misc in the engine",
		Overhead: "several times slower", Complexity: "once: fbdock docker run --privileged --rm tonistiigi/binfmt --install all",
		State: m.State, Command: "fbdock docker run --rm -it --platform " + orPlatform(platform) + " " + orWord(image),
	}
	return p
}

func guest(m Machine) Path {
	where := m.Box
	if where == "" {
		where = "no Vagrant box"
	}
	return Path{
		Name: Guest, For: "FreeBSD as a whole: ports, kernel modules, ZFS", Support: "FreeBSD itself, in " + where,
		Overhead: "a virtual machine of the provider", Complexity: "none: `fbdock up` makes it", State: m.State, Command: "fbdock ssh",
	}
}

func none(why string) Path {
	return Path{Name: None, Support: "none", Overhead: "-", Complexity: "-", State: why}
}

func orWord(image string) string {
	if image == "" {
		return "IMAGE"
	}
	return image
}

func orPlatform(platform string) string {
	if platform == "" {
		return "linux/ARCH"
	}
	return platform
}
