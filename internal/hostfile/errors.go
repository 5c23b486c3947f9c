package hostfile

import "fmt"

// TypeError says that a path is no regular file.
type TypeError struct {
	Path string
	Kind string // as in "a named pipe"
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("%s is %s, not a regular file", e.Path, e.Kind)
}

// Hint is the next step for the user.
func (e *TypeError) Hint() string {
	return "put a regular file in its place, or remove it; if you did not make it, find out who did"
}

// SizeError says that a file is larger than such files are.
type SizeError struct {
	Path  string
	Limit int64
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s is larger than %d KiB: it is not read", e.Path, e.Limit>>10)
}

// Hint is the next step for the user.
func (e *SizeError) Hint() string { return "check that this is the file that you mean" }

// OutsideError says that a path leads out of the folder that it has to be in.
type OutsideError struct {
	Dir  string
	Path string // as it was written
	Real string // where it leads
}

func (e *OutsideError) Error() string {
	return fmt.Sprintf("%s leads to %s, outside of %s", e.Path, e.Real, e.Dir)
}

// Hint is the next step for the user.
func (e *OutsideError) Hint() string {
	return "put a copy of the file into the folder, in the place of the link"
}
