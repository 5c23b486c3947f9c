package mount

// Folder is a host folder that the guests get.
type Folder struct {
	// Source is absolute, in the host's own form; Target is where the
	// guests see it.
	Source, Target string
	ReadOnly       bool
	// Private are slash-separated paths below Source that the guests do
	// not see: what they hold is for the host alone.
	Private []string
	// Copied tells that the guests have a copy, made by Copy, which Exclude
	// leaves names out of: patterns of path.Match for the last word of a name
	// below Source, or for all of it.
	Copied  bool
	Exclude []string
}
