package dockerpaths

import (
	"path"

	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/platforms/hostpath"
	"github.com/fbdock/fbdock/provision/contract"
)

// place is where the guests have a path of this host. An empty one is for a
// path that is left as it is: one of the guests, or one that is the engine's.
type place struct {
	folder mount.Folder
	guest  string
}

// find gives where the guests have what a path leads to. Links are followed
// here, as dockerd does beside a local engine: in the guests their texts lead
// elsewhere. A path that this host has, or a link that leads to it, outside of
// all mounts is an *OutsideError.
func (l Host) find(source string, mounts []mount.Folder) (place, error) {
	full := l.Full(source)
	if l.Socket != "" && full == l.Socket {
		return place{guest: contract.DockerSocket}, nil
	}
	if ownedByEngine(source) {
		return place{}, nil
	}
	p, named, found := l.where(full, mounts)
	switch {
	case found, named && ownedByEngine(l.real(full)):
		return p, nil
	case named || l.Exists(full):
		return place{}, l.Outside(full)
	}
	return place{}, nil
}

// where gives where the guests have what a full path leads to: an empty place
// for a path of the guests. It is not found where they do not have it; named
// tells that the path itself lies in a mount then, and the place is that.
func (l Host) where(full string, mounts []mount.Folder) (p place, named, found bool) {
	m, rest, named := closest(l.GOOS, full, mounts)
	if !named && inTarget(full, mounts) {
		return place{}, false, true
	}
	as := place{folder: m, guest: path.Join(m.Target, rest)}
	real := l.real(full)
	if named && real == full {
		return as, true, true
	}
	to, below, leads := closest(l.GOOS, real, l.reals(mounts))
	if leads && (!named || to.Target != m.Target) {
		as = place{folder: to, guest: path.Join(to.Target, below)}
	}
	return as, named, leads
}

// real is a path without links; itself, where that cannot be told.
func (l Host) real(name string) string {
	if l.Real == nil {
		return name
	}
	real, err := l.Real(name)
	if err != nil {
		return name
	}
	return real
}

// reals are the mounts by what their sources lead to.
func (l Host) reals(mounts []mount.Folder) []mount.Folder {
	all := make([]mount.Folder, len(mounts))
	for i, m := range mounts {
		if m.Real != "" {
			m.Source = m.Real
		} else {
			m.Source = l.real(m.Source)
		}
		all[i] = m
	}
	return all
}

// Outside is the error of a path that the guests do not have.
func (l Host) Outside(full string) *OutsideError {
	real := l.real(full)
	e := &OutsideError{Path: full, Folder: real}
	if real != full {
		e.Leads = real
	}
	if l.IsDir != nil && !l.IsDir(real) {
		e.Folder, e.File = path.Dir(hostpath.Slashed(l.GOOS, real)), true
	}
	return e
}

// followed tells whether the engine finds what a bind leads to by the path
// that a compose file writes: over links in its own mount, and into another
// one where both are at the same path as here. Compose makes a relative path
// one of the guest, and gives an absolute one to the engine as it is.
func (l Host) followed(b Bind, p place, mounts []mount.Folder) bool {
	full := l.Full(b.Source)
	guest, named := GuestDir(l.GOOS, full, mounts)
	if as, err := hostpath.GuestPath(l.GOOS, full); err == nil && !b.Relative && named && as != guest {
		return p.guest == as
	}
	if p.guest == "" || named && guest == p.guest {
		return true
	}
	return named && guest == hostpath.Slashed(l.GOOS, full) && p.guest == hostpath.Slashed(l.GOOS, l.real(full))
}

// written is how a compose file names what a bind leads to.
func (l Host) written(b Bind, p place) string {
	if p.folder.Target == "" {
		return p.guest
	}
	real := l.real(l.Full(b.Source))
	if as, err := hostpath.GuestPath(l.GOOS, real); err == nil && as == p.guest {
		return real
	}
	if rest, below := hostpath.Within(l.GOOS, l.Dir, real); below {
		return "./" + rest
	}
	return p.guest
}
