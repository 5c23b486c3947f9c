package mount

import (
	"path"

	"github.com/fbdock/fbdock/platforms"
)

// engineSocket is where every engine has its own socket.
const engineSocket = "/var/run/docker.sock"

// place is where the guests have a path of this host. An empty one is for a
// path that is left as it is: one of the guests, or one that is the engine's.
type place struct {
	folder Folder
	guest  string
}

// find gives where the guests have what a path leads to. Links are followed
// here, as dockerd does beside a local engine: in the guests their texts lead
// elsewhere. A path that this host has, or a link that leads to it, outside of
// all mounts is an *OutsideError.
func (l Host) find(source string, mounts []Folder) (place, error) {
	full := l.Full(source)
	if l.Socket != "" && full == l.Socket {
		return place{guest: engineSocket}, nil
	}
	if ownedByEngine(source) {
		return place{}, nil
	}
	m, rest, named := closest(l.GOOS, full, mounts)
	if !named && inTarget(full, mounts) {
		return place{}, nil
	}
	as := place{folder: m, guest: path.Join(m.Target, rest)}
	real := l.real(full)
	if real == full && named {
		return as, nil
	}
	to, below, leads := closest(l.GOOS, real, l.reals(mounts))
	switch {
	case leads && named && to.Target == m.Target, named && ownedByEngine(real):
		return as, nil
	case leads:
		return place{folder: to, guest: path.Join(to.Target, below)}, nil
	case named || l.Exists(full):
		return place{}, l.outside(full, real)
	}
	return place{}, nil
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
func (l Host) reals(mounts []Folder) []Folder {
	all := make([]Folder, len(mounts))
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

func (l Host) outside(full, real string) *OutsideError {
	e := &OutsideError{Path: full, Folder: real}
	if real != full {
		e.Leads = real
	}
	if l.IsDir != nil && !l.IsDir(real) {
		e.Folder, e.File = path.Dir(slashed(l.GOOS, real)), true
	}
	return e
}

// followed tells whether the engine finds what a bind leads to by the path
// that a compose file writes: over links in its own mount, and into another
// one where both are at the same path as here. Compose makes a relative path
// one of the guest, and gives an absolute one to the engine as it is.
func (l Host) followed(b Bind, p place, mounts []Folder) bool {
	full := l.Full(b.Source)
	guest, named := GuestDir(l.GOOS, full, mounts)
	if as, err := platforms.GuestPath(l.GOOS, full); err == nil && !b.Relative && named && as != guest {
		return p.guest == as
	}
	if p.guest == "" || named && guest == p.guest {
		return true
	}
	return named && guest == slashed(l.GOOS, full) && p.guest == slashed(l.GOOS, l.real(full))
}

// written is how a compose file names what a bind leads to.
func (l Host) written(b Bind, p place) string {
	if p.folder.Target == "" {
		return p.guest
	}
	real := l.real(l.Full(b.Source))
	if as, err := platforms.GuestPath(l.GOOS, real); err == nil && as == p.guest {
		return real
	}
	if rest, below := within(l.GOOS, l.Dir, real); below {
		return "./" + rest
	}
	return p.guest
}
