package state

import (
	"fmt"
	"os"
	"path/filepath"
)

// LegacyError is a folder beside fbdock.hcl with files that fbdock up to
// 92a7756 kept there. A repository may bring such a folder along: nothing in
// it is read.
type LegacyError struct{ Path string }

func (e *LegacyError) Error() string {
	return fmt.Sprintf("%s has files of fbdock that nothing shows to be of this user's own making; nothing of it was read", e.Path)
}

// Hint is the next step for the user.
func (e *LegacyError) Hint() string {
	return "if it came with the project, remove it: it can hold programs"
}

// checkPlanted refuses a folder with old files of fbdock.
func checkPlanted(folder string) error {
	dir := filepath.Join(folder, Name)
	info, err := os.Lstat(dir)
	if err != nil {
		return nil //nolint:nilerr // there is none
	}
	if !info.IsDir() {
		return &LegacyError{Path: dir}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return &LegacyError{Path: dir}
	}
	for _, e := range entries {
		switch e.Name() {
		case "Vagrantfile", ".vagrant", "log", "lock", "version":
			return &LegacyError{Path: dir}
		}
		if e.IsDir() {
			return &LegacyError{Path: dir}
		}
	}
	return nil
}
