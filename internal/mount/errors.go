package mount

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// OutsideError says that a container, or docker itself, was to be given what
// this computer has and the guests do not.
type OutsideError struct {
	Path string
	// Leads is where a link leads to, "" for what is none.
	Leads string
	// Folder is what can be mounted: Path, or the folder that holds it where
	// it is a File.
	Folder string
	File   bool
}

func (e *OutsideError) Error() string {
	if e.Leads != "" {
		return fmt.Sprintf("%s leads to %s, which is on this computer and in none of the mounts: the guests do not have it", e.Path, e.Leads)
	}
	return fmt.Sprintf("%s is on this computer and in none of the mounts: the guests do not have it", e.Path)
}

// Hint is the next step for the user.
func (e *OutsideError) Hint() string {
	if e.File {
		return e.MountHint()
	}
	return e.MountHint() + ", or copy with `fbdock docker cp`"
}

// MountHint is Hint for programs that are not docker.
func (e *OutsideError) MountHint() string {
	folder := cmp.Or(e.Folder, e.Path)
	add := fmt.Sprintf("add `mount %s {}` to the machine in fbdock.hcl and run `fbdock up`", hclString(slashed("windows", folder)))
	if e.File {
		return "put a copy of the file into a folder that is mounted, or " + add + ", which mounts all of that folder"
	}
	return add
}

// hclString writes a text as fbdock.hcl reads it.
func hclString(text string) string {
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.QuoteToGraphic(text))
}

// ComposeBindError says that a compose file binds what the engine has at
// another path than the file says.
type ComposeBindError struct {
	Source string // as it is written
	Use    string // what to write instead
}

func (e *ComposeBindError) Error() string {
	return fmt.Sprintf("a compose file binds %s, which the engine does not find by that path", e.Source)
}

// Hint is the next step for the user.
func (e *ComposeBindError) Hint() string { return fmt.Sprintf("write %s instead of it", e.Use) }

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
