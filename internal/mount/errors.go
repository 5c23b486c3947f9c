package mount

import (
	"errors"
	"fmt"
	"syscall"
)

// FolderError says that a folder of this computer cannot be served.
type FolderError struct {
	Folder string
	Err    error
}

func (e *FolderError) Error() string { return fmt.Sprintf("mount %s: %v", e.Folder, e.Err) }
func (e *FolderError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *FolderError) Hint() string {
	if errors.Is(e.Err, syscall.ELOOP) {
		return "there is a symbolic link in its place by now: if you have made it yourself, run `fbdock up`"
	}
	return "create the folder, or change the mount block in fbdock.hcl"
}

// MovedError says that a folder leads elsewhere than the user agreed to.
type MovedError struct{ Folder, Agreed, Leads string }

func (e *MovedError) Error() string {
	return fmt.Sprintf("mount %s: it leads to %s now, and to %s when you agreed to it", e.Folder, e.Leads, e.Agreed)
}

// Hint is the next step for the user.
func (e *MovedError) Hint() string {
	return "if you have changed that yourself, run `fbdock up`, which asks again"
}

// GuestError says why a guest does not mount.
type GuestError struct {
	Target string
	Kind   string // one of the kinds below
	Words  string // of the guest
}

// The kinds of a GuestError.
const (
	NoSSHFS  = "no-sshfs"
	NoFUSE   = "no-fuse"
	NotEmpty = "not-empty"
	Foreign  = "foreign" // the target of a copy holds what is not fbdock's
	Denied   = "denied"  // no root in the guest
	Failed   = "failed"
)

func (e *GuestError) Error() string {
	return fmt.Sprintf("mount %s in the guest: %s", e.Target, e.Words)
}

// Hint is the next step for the user.
func (e *GuestError) Hint() string {
	switch e.Kind {
	case NoSSHFS:
		return "`fbdock up` installs sshfs where fbdock.hcl has a mount block; by hand: pkg install fusefs-sshfs, or apk add sshfs"
	case NoFUSE:
		return "load the module in the guest: `kldload fusefs` on FreeBSD, `modprobe fuse` in the engine; `fbdock up` does both"
	case NotEmpty:
		return "give the mount block another target: what lies there in the guest would be hidden"
	case Foreign:
		return "give the mount block another target, or take away what lies there in the guest: fbdock overwrites nothing that it has not put there"
	case Denied:
		return "the user there needs sudo or doas without a password, as Vagrant boxes have it"
	}
	return "see what `fbdock logs` says, and try `fbdock up`"
}
