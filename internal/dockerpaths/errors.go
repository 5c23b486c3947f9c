package dockerpaths

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/platforms/hostpath"
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
	add := fmt.Sprintf("add `mount %s {}` to the machine in fbdock.hcl and run `fbdock up`", hclString(hostpath.Slashed("windows", folder)))
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
