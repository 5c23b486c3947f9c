package lockfile

import "fmt"

// SyntaxError says that the lock file cannot be read.
type SyntaxError struct {
	Path string
	Err  error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("the lock file %s: %v", e.Path, e.Err) }

// Unwrap gives the reason.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *SyntaxError) Hint() string {
	return "take " + Name + " back from version control; fbdock alone writes to it"
}

// MismatchError says that a file is not the one that was pinned. It is
// never used, whoever signed or published it.
type MismatchError struct {
	Path string // of the lock file
	Pin  Pin
	URL  string // where the other file is from
	Got  string // its digest, "" when no address gave a whole file
	Err  error  // what the download said, may be nil
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s is not the file that is pinned in %s\n  pinned: sha512 %s\n  got:    sha512 %s\n  from:   %s",
		e.Pin, e.Path, e.Pin.SHA512, e.Got, e.URL)
}

// Unwrap gives what the download said.
func (e *MismatchError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *MismatchError) Hint() string {
	return fmt.Sprintf("ask who published it why the file changed; if you trust the new one, remove the block %s %q %q from %s and run the command again",
		e.Pin.Kind, e.Pin.Name, e.Pin.Architecture, e.Path)
}
