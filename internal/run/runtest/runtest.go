// Package runtest starts programs for tests, which need pipes to them that
// internal/run does not give. It is not for the product.
package runtest

import (
	"io"
	"os/exec"
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
