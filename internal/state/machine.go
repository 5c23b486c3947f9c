package state

import (
	"fmt"
	"os"
	"path/filepath"
)

// Machine is the part of the folder that belongs to one machine.
type Machine struct {
	dir  Dir
	name string
}

// Machine names the folder of a machine. Machine names are DNS labels, so
// none meets the names that start with a dot; Reserved knows the others.
func (d Dir) Machine(name string) Machine { return Machine{dir: d, name: name} }

// Reserved tells whether a machine cannot have this name, because the folder
// uses it for something else.
func Reserved(name string) bool {
	switch name {
	case "log", "lock", "version", "vagrantfile":
		return true
	}
	return false
}

func (m Machine) join(elem ...string) string {
	return filepath.Join(append([]string{m.dir.root, m.name}, elem...)...)
}

// Path is the machine's folder.
func (m Machine) Path() string { return m.join() }

// Guest is the payload that goes to the FreeBSD guest.
func (m Machine) Guest() string { return m.join("guest") }

// SSH holds the agent's keys, pins and the cached ssh-config.
func (m Machine) SSH() string { return m.join("ssh") }

// KnownHosts is the file of pinned host keys.
func (m Machine) KnownHosts() string { return m.join("ssh", "known_hosts") }

// SSHConfig is the cached answer of `vagrant ssh-config`.
func (m Machine) SSHConfig() string { return m.join("ssh", "config") }

// EngineSSHConfig is the same of an engine beside FreeBSD.
func (m Machine) EngineSSHConfig() string { return m.join("ssh", "engine-config") }

// Host is what is known of a computer of the user's own.
func (m Machine) Host() string { return m.join("host.json") }

// Plan is what the machine was made of, by the last `up`.
func (m Machine) Plan() string { return m.join("plan.json") }

// DataDisk is the disk of docker's data of an engine beside FreeBSD, where fbdock
// keeps it. It is in no machine's folder: it outlives the machine, Remove included.
func (m Machine) DataDisk() string { return filepath.Join(m.dir.DataDisks(), m.name+".qcow2") }

// DataDisks is the folder of the disks of docker's data.
func (d Dir) DataDisks() string { return filepath.Join(d.root, ".disks") }

// Make makes the machine's folders.
func (m Machine) Make() error {
	for _, dir := range []string{m.Path(), m.Guest(), m.SSH()} {
		if err := m.dir.mkdir(dir); err != nil {
			return err
		}
	}
	return m.dropFormer()
}

// Remove takes away all that is kept of the machine: its keys, its pins and
// what was applied.
func (m Machine) Remove() error {
	if err := m.dir.inside(m.Path()); err != nil {
		return err
	}
	if err := os.RemoveAll(m.Path()); err != nil {
		return fmt.Errorf("remove what is kept of machine %s: %w", m.name, err)
	}
	return nil
}
