package confine

import "golang.org/x/sys/unix"

// known are folders that were found word by word with nothing private on the
// way. They stay open, so that nothing else can have their identity, and where
// openat2(2) finds the same one by the same name again, that is one call and
// not three for each word.
type known struct {
	folders map[string]folder
	without bool // openat2 is of Linux 5.6, and some containers forbid it
}

type folder struct {
	dir *dir
	id  identity
}

// maxKnown bounds the descriptors.
const maxKnown = 32

// open opens a folder that is known; nil tells that it has to be found.
func (k *known) open(root *dir, name string) *folder {
	before, ok := k.folders[name]
	if !ok || k.without {
		return nil
	}
	fd, err := unix.Openat2(root.fd, name, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		k.without = err == unix.ENOSYS || err == unix.EPERM //nolint:errorlint // system calls return it bare
		k.forget(name)
		return nil
	}
	now := folder{dir: &dir{fd}}
	if now.id, err = now.dir.identity(); err != nil || now.id != before.id {
		_ = now.dir.close() // it was only looked at
		k.forget(name)
		return nil
	}
	return &now
}

// keep takes a folder over, and tells whether it did.
func (k *known) keep(name string, f folder) bool {
	if _, ok := k.folders[name]; ok || k.without {
		return false
	}
	if k.folders == nil {
		k.folders = map[string]folder{}
	}
	for old := range k.folders { // any of them
		if len(k.folders) < maxKnown {
			break
		}
		k.forget(old)
	}
	k.folders[name] = f
	return true
}

func (k *known) forget(name string) {
	if f, ok := k.folders[name]; ok {
		_ = f.dir.close() // it was only looked at
		delete(k.folders, name)
	}
}

func (k *known) close() {
	for name := range k.folders {
		k.forget(name)
	}
}
