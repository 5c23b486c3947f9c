//go:build !linux

package confine

// known is Linux's: elsewhere every folder is found word by word.
type known struct{}

type folder struct {
	dir *dir
	id  identity
}

func (*known) open(*dir, string) *folder { return nil }

func (*known) keep(string, folder) bool { return false }

func (*known) close() {}
