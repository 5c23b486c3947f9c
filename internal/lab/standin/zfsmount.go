//go:build linux

package main

import (
	"os"
	"path/filepath"
	"slices"
)

// mountSet makes a filesystem's files appear at its mount point: a bind mount, below LAB_ROOT a symbolic link.
func mountSet(l *lab, s *store, name string) string {
	at, _, _ := mountpoint(s, name)
	if canmount, _, _ := zfsProperty(l, s, name, "canmount"); canmount == "off" {
		return "'canmount' property is set to 'off'"
	}
	if at == "none" {
		return "no mountpoint set"
	}
	if at == "legacy" {
		return "legacy mountpoint\nuse mount(8) to mount this filesystem"
	}
	mounted := mounts(l)
	if slices.Contains(mounted, name) {
		return "filesystem already mounted"
	}
	from, to := l.path(filesDir(name)), l.path(at)
	if at != "/" {
		l.must(os.MkdirAll(from, 0o755))
		if l.fake {
			l.remove(to)
			l.must(os.MkdirAll(filepath.Dir(to), 0o755))
			l.must(os.Symlink(from, to))
		} else {
			l.must(os.MkdirAll(to, 0o755))
			effect(l, "mount", "--bind", from, to)
		}
	}
	l.save(volatile+"mounted", append(mounted, name))
	return ""
}

func unmountSet(l *lab, s *store, name string) bool {
	mounted := mounts(l)
	at := slices.Index(mounted, name)
	if at < 0 {
		return false
	}
	where, _, _ := mountpoint(s, name)
	if l.fake {
		l.remove(l.path(where))
		l.must(os.MkdirAll(l.path(where), 0o755))
	} else if !effect(l, "umount", "-l", l.path(where)) {
		return false
	}
	l.save(volatile+"mounted", slices.Delete(mounted, at, at+1))
	return true
}

// node makes the device of a volume, as the kernel does; late is the race that a volmode of its own loses.
func node(l *lab, s *store, name string, late bool) {
	if mode, _, _ := zfsProperty(l, s, name, "volmode"); mode == "none" || late {
		return
	}
	link := l.path("/dev/zvol/" + name)
	l.must(os.MkdirAll(filepath.Dir(link), 0o755))
	l.remove(link)
	l.must(os.Symlink(l.path(volumeFile(name)), link))
}

// zfsLoad is what the kernel does when its zfs module comes up: cached pools are there again, and so are the nodes of volumes.
func zfsLoad(l *lab) {
	s := loadZFS(l)
	l.must(os.RemoveAll(l.path("/dev/zvol")))
	for name, d := range s.Sets {
		if d.Volume && s.imported(name) {
			node(l, s, name, false)
		}
	}
}

// mountAll is "zfs mount -a".
func mountAll(l *lab, s *store) {
	for _, name := range s.below("") {
		if canmount, _, _ := zfsProperty(l, s, name, "canmount"); !s.Sets[name].Volume && canmount == "on" && !slices.Contains(mounts(l), name) {
			if at, _, _ := mountpoint(s, name); at != "none" && at != "legacy" {
				mountSet(l, s, name)
			}
		}
	}
}
