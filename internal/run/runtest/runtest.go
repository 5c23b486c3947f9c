// Package runtest writes and starts programs for tests, which need pipes to
// them that internal/run does not give. It is not for the product.
package runtest

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// Start starts a program and gives the pipes of its standard input and output.
// Its input ends with the test, which waits for it then.
func Start(t testing.TB, cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err = cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // the test may have ended it
	})
	return in, out
}

// WriteProgram writes a program that a test runs. No process that another test
// starts at that moment keeps the file open for writing, which would make its
// own start fail with "text file busy" (ETXTBSY, execve(2)).
func WriteProgram(file string, data []byte, mode fs.FileMode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return os.WriteFile(file, data, mode)
}

// AwaitStarts waits for the processes that this one is starting, which may hold
// files open that were written meanwhile: for programs that WriteProgram did
// not write.
func AwaitStarts() {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
}
