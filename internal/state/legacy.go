package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// LegacyError is a folder beside fbdock.hcl with files that fbdock up to
// 92a7756 kept there. A repository may bring such a folder along: nothing in
// it is run, and nothing of it is read but what shows whose it is.
type LegacyError struct {
	Path string
	Err  error // why it is not taken over
}

func (e *LegacyError) Error() string {
	return fmt.Sprintf("%s is not taken over: %v; nothing of it was read or run", e.Path, e.Err)
}

// Unwrap gives the reason.
func (e *LegacyError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *LegacyError) Hint() string {
	adopt := "`fbdock adopt --legacy` takes over its keys and machines"
	if owner, err := ownerOf(e.Path); err == nil && owner.isSystem() && !owner.isUser() {
		adopt = "as by `sudo fbdock up`: " + giveBack(e.Path) + ", and then " + adopt
	}
	return "if it came with the project, remove it: it can hold programs; if your own fbdock made it, " + adopt
}

// ErrForeign says that nothing of the user's own shows who made an old folder.
var ErrForeign = errors.New("nothing shows that this user's fbdock made it")

// Legacy is an old folder of fbdock in a project.
type Legacy struct {
	Folder   string // the project's, without links
	Machines []LegacyMachine
}

// Path is the old folder.
func (l Legacy) Path() string { return filepath.Join(l.Folder, Name) }

// LegacyMachine is a machine in it.
type LegacyMachine struct {
	Name string
	// Provider that Vagrant has made it with and the UUID by which Vagrant
	// lists it; "" when there is no VM.
	Provider, UUID string
}

// VM is a machine in Vagrant's own list, which only this user writes to.
type VM struct {
	UUID, Name, Provider string
	// Data is Vagrant's folder of the project that made it.
	Data string
}

// legacyNames are the files and folders of an old folder beside those of the
// machines.
func legacyNames() []string {
	return []string{"Vagrantfile", ".vagrant", "log", "lock", "lock.pid", "version"}
}

// hasLegacy tells whether the folder has old files.
func hasLegacy(folder string) bool {
	dir := filepath.Join(folder, Name)
	info, err := os.Lstat(dir)
	if err != nil {
		return false
	}
	if !info.IsDir() {
		return true
	}
	entries, err := privatefile.ReadDir(dir)
	return err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.IsDir() || slices.Contains(legacyNames(), e.Name())
	})
}

// checkLegacy refuses a folder with old files.
func checkLegacy(folder string) error {
	if !hasLegacy(folder) {
		return nil
	}
	return &LegacyError{Path: filepath.Join(folder, Name), Err: ErrForeign}
}

// Legacy looks at the old folder of a project. It refuses one that does not
// look as fbdock has left it.
func (s Store) Legacy(folder string) (Legacy, error) {
	path, err := canonical(folder)
	if err != nil {
		return Legacy{}, err
	}
	l := Legacy{Folder: path}
	if err := l.read(); err != nil {
		return l, &LegacyError{Path: l.Path(), Err: err}
	}
	return l, nil
}

func (l *Legacy) read() error {
	for _, dir := range []string{l.Folder, l.Path()} {
		if err := ownFolder(dir, dir == l.Path()); err != nil {
			return err
		}
	}
	version, err := privatefile.ReadMax(filepath.Join(l.Path(), "version"), 64)
	if text := strings.TrimSpace(string(version)); err != nil || text != "1" {
		return fmt.Errorf("its version is not 1, but %.20q", text)
	}
	names := map[string]*LegacyMachine{}
	machine := func(name string) *LegacyMachine {
		if names[name] == nil {
			names[name] = &LegacyMachine{Name: name}
		}
		return names[name]
	}
	entries, err := privatefile.ReadDir(l.Path())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !slices.Contains(legacyNames(), e.Name()) && e.IsDir() {
			machine(e.Name())
		}
	}
	if err := l.readVMs(machine); err != nil {
		return err
	}
	for _, m := range names {
		l.Machines = append(l.Machines, *m)
	}
	slices.SortFunc(l.Machines, func(a, b LegacyMachine) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// readVMs finds what Vagrant has made, by the file of its id.
func (l *Legacy) readVMs(machine func(string) *LegacyMachine) error {
	vms := filepath.Join(l.Path(), ".vagrant", "machines")
	for _, dir := range []string{filepath.Dir(vms), vms} {
		if info, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil || !info.IsDir() {
			return fmt.Errorf("%s is no folder", dir)
		}
	}
	machines, err := privatefile.ReadDir(vms)
	if err != nil {
		return err
	}
	for _, m := range machines {
		if !m.IsDir() {
			continue
		}
		providers, err := privatefile.ReadDir(filepath.Join(vms, m.Name()))
		if err != nil {
			return err
		}
		for _, p := range providers {
			if !p.IsDir() {
				continue
			}
			id, err := privatefile.ReadMax(filepath.Join(vms, m.Name(), p.Name(), "id"), 4096)
			if err != nil || len(id) == 0 {
				continue // there is no VM
			}
			uuid, err := privatefile.ReadMax(filepath.Join(vms, m.Name(), p.Name(), "index_uuid"), 64)
			if err != nil {
				uuid = nil // Vagrant does not list it
			}
			*machine(m.Name()) = LegacyMachine{Name: m.Name(), Provider: p.Name(), UUID: strings.TrimSpace(string(uuid))}
		}
	}
	return nil
}

// ownFolder refuses a folder that is a link, or in which others have or had
// a hand.
func ownFolder(dir string, private bool) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, err := ownerOf(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is no folder", dir)
	case !owner.isUser():
		return fmt.Errorf("%s belongs to %s", dir, owner)
	case !onWindows && private && info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is not private (mode %04o)", dir, info.Mode().Perm())
	}
	return nil
}

// Proof is the part of Vagrant's list that shows the old folder to be this
// user's own: the UUID is random, and Vagrant alone knows it. A folder may have
// been moved since; where the one that Vagrant lists is still there it is a
// copy.
func (l Legacy) Proof(list []VM) (VM, error) {
	data := filepath.Join(l.Path(), ".vagrant")
	for _, m := range l.Machines {
		for _, vm := range list {
			if m.UUID == "" || vm.UUID != m.UUID || vm.Name != m.Name || vm.Provider != m.Provider {
				continue
			}
			if there, err := os.Stat(vm.Data); err == nil {
				if here, err := os.Stat(data); err != nil || !os.SameFile(there, here) {
					return VM{}, &LegacyError{Path: l.Path(), Err: fmt.Errorf("it is a copy of %s, which is still there", filepath.Dir(vm.Data))}
				}
			}
			return vm, nil
		}
	}
	return VM{}, &LegacyError{Path: l.Path(), Err: ErrForeign}
}
