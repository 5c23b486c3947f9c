package mount

import "path/filepath"

// Folder is a host folder that the guests get.
type Folder struct {
	// Source is absolute, in the host's own form; Target is where the
	// guests see it.
	Source, Target string
	// Real is where Source leads, without links, as the user has agreed to it;
	// "" is for who has asked nobody.
	Real     string
	ReadOnly bool
	// Private are slash-separated paths below Source that the guests do
	// not see: what they hold is for the host alone.
	Private []string
	// Copied tells that the guests have a copy, made by Copy, which Exclude
	// leaves names out of: patterns of path.Match for the last word of a name
	// below Source, or for all of it.
	Copied  bool
	Exclude []string
}

// unmoved refuses a folder that leads elsewhere than when the user agreed to
// it: a guest may have put a link in its place, through another mount. It is
// asked once the folder is open.
func (f Folder) unmoved() error {
	if f.Real == "" {
		return nil
	}
	real, err := filepath.EvalSymlinks(f.Source)
	if err == nil && real != f.Real {
		err = &MovedError{Folder: f.Source, Agreed: f.Real, Leads: real}
	}
	return err
}
