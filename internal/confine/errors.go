package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

var (
	// ErrReadOnly refuses a change.
	ErrReadOnly = fmt.Errorf("the folder is read-only: %w", fs.ErrPermission)
	// ErrPrivate refuses a change of what is private. To a reader a private
	// object does not exist.
	ErrPrivate = fmt.Errorf("it is private to fbdock: %w", fs.ErrPermission)
	// ErrName refuses a name that the host's system has no use for.
	ErrName = errors.New("the host has no such names")
	// ErrLink is a symbolic link where none is followed.
	ErrLink = fmt.Errorf("it is a symbolic link: %w", syscall.ELOOP)
	// errAgain asks for another look: what is private has changed.
	errAgain = fmt.Errorf("what is private has changed: %w", fs.ErrPermission)
	// errSpecial refuses to open what is no file and no folder.
	errSpecial = fmt.Errorf("it is a pipe, a socket or a device: %w", fs.ErrPermission)
)

// PrivateError is a folder that must not be handed out.
type PrivateError struct {
	Dir, Private string
}

func (e *PrivateError) Error() string {
	if e.Dir == e.Private {
		return e.Dir + " is private to fbdock"
	}
	return fmt.Sprintf("%s is private to fbdock, and %s lies in it", e.Private, e.Dir)
}

// unseen is the error of a reader.
func unseen(err error) error {
	if errors.Is(err, ErrPrivate) {
		return fs.ErrNotExist
	}
	return err
}
