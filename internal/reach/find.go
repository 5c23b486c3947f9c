package reach

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
)

// Computer is what has to be known of the host.
type Computer struct {
	// GOOS is its system, as in runtime.GOOS.
	GOOS string
	// Home is the user's folder.
	Home string
	// Private are folders with what is only the user's, beside the known ones.
	Private []string
	// Real is a path without links.
	Real func(path string) (string, error)
}

// Reads are what the configuration has read, or wants to, while it was
// loaded: files outside of its folder, and variables of the environment.
type Reads struct {
	Files, Variables []string
}

// Of is all that the machines of p reach beyond p.Dir, which has no links.
func Of(p plan.Plan, reads Reads, host Computer) []Reach {
	f := &finder{dir: p.Dir, host: host}
	for _, file := range reads.Files {
		f.add(Reach{Kind: File, What: file, Warning: f.secret(file, ReadOnly)})
	}
	for _, name := range reads.Variables {
		if !harmless(name) {
			f.add(Reach{Kind: Env, What: name})
		}
	}
	for _, m := range p.Machines {
		f.machine(m)
	}
	return sorted(f.all)
}

// OfMount is what one mount of m reaches for; false for one that stays in dir.
func OfMount(dir string, m plan.Machine, mount plan.Mount, host Computer) (Reach, bool) {
	f := &finder{dir: dir, host: host}
	f.mount(mount, to(m))
	return f.first()
}

// OfFile is what a file that m is given reaches for; false for one in dir.
func OfFile(dir string, m plan.Machine, kind Kind, path string, host Computer) (Reach, bool) {
	f := &finder{dir: dir, host: host}
	f.file(kind, path, to(m))
	return f.first()
}

// OfForward is what the address of m's published ports reaches for.
func OfForward(m plan.Machine) (Reach, bool) {
	f := &finder{}
	f.forward(m)
	return f.first()
}

type finder struct {
	dir  string
	host Computer
	all  []Reach
}

func (f *finder) add(r Reach) { f.all = append(f.all, r) }

func (f *finder) first() (Reach, bool) {
	if len(f.all) == 0 {
		return Reach{}, false
	}
	return f.all[0], true
}

// to is the computer of the user's own that m is on, "" for a VM.
func to(m plan.Machine) string {
	if m.Provider == plan.ProviderSSH {
		return strings.TrimPrefix(m.Host, "ssh://")
	}
	return ""
}

func (f *finder) machine(m plan.Machine) {
	to := to(m)
	switch m.Provider {
	case plan.ProviderSSH:
		f.add(Reach{Kind: Host, What: to})
	case plan.ProviderNative:
	default:
		f.box(m)
	}
	for _, mount := range m.Mounts {
		f.mount(mount, to)
	}
	for _, file := range m.Engine.CACertificates {
		f.file(Certificate, file, to)
	}
	scripts := slices.Clone(m.Provisions)
	for _, j := range m.Jails {
		scripts = append(scripts, j.Provisions...)
	}
	for _, p := range scripts {
		if p.Script != "" {
			f.file(Script, p.Script, to)
		}
	}
	if m.Engine.Image.Path != "" {
		f.file(Image, m.Engine.Image.Path, to)
	}
	f.forward(m)
	f.mirrors(m)
}

// mirrors are addresses that this host connects to, and that learn of it; what
// they send is used when its digest is right.
func (f *finder) mirrors(m plan.Machine) {
	for _, mirror := range []string{m.Mirrors.FreeBSD, m.Mirrors.Alpine} {
		if mirror != "" {
			f.add(Reach{Kind: Mirror, What: mirror})
		}
	}
}

// OfMirrors are the mirrors that the machines of p fetch from.
func OfMirrors(p plan.Plan) []Reach {
	f := &finder{}
	for _, m := range p.Machines {
		f.mirrors(m)
	}
	return sorted(f.all)
}

func (f *finder) forward(m plan.Machine) {
	if !m.Forward.IsValid() || m.Forward.IsLoopback() {
		return
	}
	r := Reach{Kind: Forward, What: m.Forward.String(), Warning: "other computers reach the ports"}
	if m.Forward.IsUnspecified() {
		r.Warning = "every computer that reaches this one reaches the ports"
	}
	f.add(r)
}

// box is for boxes that fbdock does not list: Vagrant runs the Vagrantfile
// that a box brings (https://developer.hashicorp.com/vagrant/docs/vagrantfile,
// load order and merging), and the docker provider gives the container rights
// on the host's kernel.
func (f *finder) box(m plan.Machine) {
	switch {
	case m.Box.Name == "" || m.Box.Listed || m.Box.Own:
	case m.Provider == "docker":
		f.add(Reach{Kind: Box, What: m.Box.Name, Warning: "it is a container of this computer, with the rights to mount file systems and to change networks"})
	default:
		what := m.Box.Name
		switch {
		case m.Box.URL != "":
			what += " from " + redact.URL(m.Box.URL)
		case m.Box.File != "":
			what += " of the file " + m.Box.File
		}
		f.add(Reach{Kind: Box, What: what, Warning: "fbdock does not know it, and Vagrant runs the Ruby code of a box on this computer, as you"})
	}
}

func (f *finder) file(kind Kind, path, to string) {
	if real, outside := f.outside(path); outside {
		f.add(Reach{Kind: kind, What: real, To: to, Warning: f.secret(real, ReadOnly)})
	}
}

func (f *finder) mount(m plan.Mount, to string) {
	access := ReadWrite
	if m.ReadOnly || m.Copied() {
		access = ReadOnly
	}
	real, outside := f.outside(m.Source)
	warning := f.whole(real, access)
	if outside && warning == "" {
		warning = f.secret(real, access)
	}
	if outside || warning != "" {
		f.add(Reach{Kind: Mount, What: real, Access: access, To: to, Warning: warning})
	}
}

// outside is where a path leads, and whether that is out of the folder.
func (f *finder) outside(path string) (real string, outside bool) {
	real, err := f.host.Real(path)
	if err != nil {
		return path, true // it is not what it says, whatever it is
	}
	return real, !f.within(f.dir, real)
}

// within tells whether path is dir or lies below it.
func (f *finder) within(dir, path string) bool {
	if f.host.GOOS == "windows" || f.host.GOOS == "darwin" {
		dir, path = strings.ToLower(dir), strings.ToLower(path)
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

func changes(access Access) string {
	if access == ReadWrite {
		return "; what runs in a guest can change what runs on this computer"
	}
	return ""
}

// whole says that a folder holds more than anybody's work, the project's own
// folder included.
func (f *finder) whole(path string, access Access) string {
	if filepath.Dir(path) == path {
		return "it is the whole file system" + changes(access)
	}
	if f.host.Home != "" && f.within(path, f.host.Home) {
		return "it is your whole home folder, with keys, passwords and what your shell starts" + changes(access)
	}
	return ""
}

// secret says what is at a path outside of the project that is more than
// files of one's work.
func (f *finder) secret(path string, access Access) string {
	touches := func(dir string) bool {
		return f.within(path, dir) || f.within(dir, path)
	}
	for _, private := range f.private() {
		if touches(private) {
			return fmt.Sprintf("%s holds keys, passwords or what your programs start%s", private, changes(access))
		}
	}
	if f.host.Home != "" && f.within(f.host.Home, path) {
		return "" // /root, or /usr/home
	}
	for _, system := range f.system() {
		if touches(system) {
			return fmt.Sprintf("%s belongs to the system%s", system, changes(access))
		}
	}
	return ""
}

// private are the folders of a home that programs keep secrets in, or read
// what to start from.
func (f *finder) private() []string {
	all := f.host.Private
	if f.host.Home == "" {
		return all
	}
	for _, name := range []string{
		".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config", ".local", ".mozilla", ".password-store", ".vagrant.d",
		".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".zprofile", ".cshrc", ".tcshrc", ".login", ".netrc", ".npmrc", ".pypirc",
		".git-credentials", ".gitconfig", ".cargo", ".terraform.d", ".bash_history", ".zsh_history", "Library", "AppData",
	} {
		all = append(all, filepath.Join(f.host.Home, name))
	}
	return all
}

func (f *finder) system() []string {
	if f.host.GOOS == "windows" {
		return []string{`C:\Windows`, `C:\Program Files`, `C:\Program Files (x86)`, `C:\ProgramData`}
	}
	all := []string{"/etc", "/root", "/boot", "/dev", "/proc", "/sys", "/run", "/usr", "/bin", "/sbin", "/lib", "/var/lib", "/var/run", "/var/db", "/private/etc"}
	if f.host.GOOS == "darwin" {
		all = append(all, "/System", "/Library", "/Applications")
	}
	return all
}

// harmless are variables that tell nothing secret of the user. What begins
// with FBDOCK_ was set for fbdock.
func harmless(name string) bool {
	switch name {
	case "HOME", "USER", "LOGNAME", "USERNAME", "USERPROFILE", "SHELL", "LANG", "TZ", "TERM", "PATH", "PWD", "HOSTNAME", "COMPUTERNAME", "OS", "CI", "EDITOR":
		return true
	}
	return strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "FBDOCK_")
}
