package machine

import (
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/state"
)

// Served are the mounts that an sshfs serves, the outer of nested ones
// first.
func Served(m plan.Machine) []plan.Mount {
	mounts := slices.Clone(m.Mounts)
	slices.SortFunc(mounts, func(a, b plan.Mount) int { return strings.Compare(a.Target, b.Target) })
	return mounts
}

// Folders are what is served of the mounts of a machine.
func Folders(e host.Env, d state.Dir, m plan.Machine) []mount.Folder {
	var folders []mount.Folder
	for _, f := range Served(m) {
		folders = append(folders, Folder(e, d, f))
	}
	return folders
}

// Folder is what is served of a mount.
func Folder(e host.Env, d state.Dir, m plan.Mount) mount.Folder {
	return mount.Folder{
		Source: m.Source, Real: m.Real, Target: m.Target, ReadOnly: m.ReadOnly, Copied: m.Copied(), Exclude: m.Exclude,
		Private: e.Private(d),
	}
}
