package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// TestNamed: an error is one of the file, and a rename that failed is not lost
// in that of the close behind it.
func TestNamed(t *testing.T) {
	t.Parallel()
	const temporary = "/dir/" + prefix + "file-0"
	closing := &fs.PathError{Op: "close", Path: temporary, Err: fs.ErrClosed}
	if got := named("/dir/file", closing); got.Error() != "close /dir/file: file already closed" {
		t.Errorf("named of a close = %v, want it of /dir/file", got)
	}
	renaming := &os.LinkError{Op: "rename", Old: temporary, New: "/dir/file", Err: fs.ErrPermission}
	got := named("/dir/file", errors.Join(renaming, closing))
	if e, ok := errors.AsType[*os.LinkError](got); !ok || e.New != "/dir/file" || !errors.Is(got, fs.ErrPermission) {
		t.Errorf("named of a rename and a close = %v, want the *os.LinkError of the rename", got)
	}
}
