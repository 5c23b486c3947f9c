package mount

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/fbdock/fbdock/platforms/hostpath"
)

// Folder is a host folder that the guests get.
type Folder struct {
	// Source is absolute, in the host's own form and as the user knows it;
	// Target is where the guests see it.
	Source, Target string
	// Real is where Source leads, without links, as the user has agreed to it:
	// what is opened is this, over no link. "" means that Source has none.
	Real     string
	ReadOnly bool
	// Private are absolute paths of the host, which need not exist, that the
	// guests neither see nor change, wherever they lie.
	Private []string
	// Copied tells that the guests have a copy, made by Copy, which Exclude
	// leaves names out of: patterns of path.Match for the last word of a name
	// below Source, or for all of it.
	Copied  bool
	Exclude []string
}

// Unmoved refuses a folder that leads elsewhere than when the user agreed to
// it: a guest may have put a link in its place, through another mount. It is
// asked once the folder is open.
func (f Folder) Unmoved() error {
	if f.Real == "" {
		return nil
	}
	real, err := filepath.EvalSymlinks(f.Source)
	if err == nil && real != f.Real {
		err = &MovedError{Folder: f.Source, Agreed: f.Real, Leads: real}
	}
	return err
}

// Dir is the folder to be opened.
func (f Folder) Dir() string {
	if f.Real != "" {
		return f.Real
	}
	return f.Source
}

// Rel is the slash-separated path of name in the folder.
func (f Folder) Rel(name string) (string, bool) {
	if rest, ok := hostpath.Within(runtime.GOOS, f.Source, name); ok {
		return rest, true
	}
	return hostpath.Within(runtime.GOOS, f.Dir(), name)
}

// Opened is what the file system says of the folder to be opened, nil where it
// says nothing.
func (f Folder) Opened() os.FileInfo {
	info, err := os.Stat(f.Dir())
	if err != nil {
		return nil
	}
	return info
}
