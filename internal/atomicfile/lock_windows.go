package atomicfile

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// hold has nothing to do: Windows removes no file that is open without
// FILE_SHARE_DELETE, as Go opens files.
func hold(*os.File) bool { return true }

// removeDead removes a file that nobody writes any more.
func removeDead(path string) { _ = os.Remove(path) }

// renameWait bounds the wait for who has the file open: readers, and programs
// that look for viruses, have it for moments.
const renameWait = 2 * time.Second

func rename(from, to string) error {
	end := time.After(renameWait)
	for {
		err := os.Rename(from, to)
		if !errors.Is(err, windows.ERROR_ACCESS_DENIED) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return err
		}
		select {
		case <-end:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// syncDir has nothing to do: NTFS keeps names in its own journal, and Windows
// flushes no folders.
func syncDir(string) error { return nil }
