package sftpserver_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pkg/sftp"

	"github.com/fbdock/fbdock/internal/sftpserver"
)

// serveEnv makes the test binary an SFTP server of the folder it names, for
// OpenSSH's client to start.
const serveEnv = "FBDOCK_TEST_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveEnv); dir != "" {
		if err := serve(sftpserver.Options{Dir: dir}, os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serve is one session.
func serve(o sftpserver.Options, r io.Reader, w io.Writer) error {
	s, err := sftpserver.Open(o)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Serve(r, w)
}

// What a test of a session needs.
type queue = sftpserver.Queue

var newQueue = sftpserver.NewQueue

func serveDir(dir string, private []string, r io.Reader, w io.Writer) error {
	return serve(sftpserver.Options{Dir: dir, Private: private}, r, w)
}

// client is pkg/sftp's client of a served folder: an implementation that is
// not ours.
func client(t *testing.T, f sftpserver.Options) *sftp.Client {
	t.Helper()
	in, out := sftpserver.NewQueue(), sftpserver.NewQueue()
	done := make(chan error, 1)
	go func() {
		done <- serve(f, in, out)
		_ = out.Close()
	}()
	c, err := sftp.NewClientPipe(out, in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		if err := <-done; err != nil {
			t.Errorf("Serve() = %v, want no error", err)
		}
	})
	return c
}

// folder is a folder to be served, its links resolved as a project's are.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, open func(string) (*sftp.File, error), name string) (string, error) {
	t.Helper()
	file, err := open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(file)
	return string(data), err
}

// serving is a client of a folder that others must not get out of.
func serving(t *testing.T, dir string, readOnly bool, private ...string) *sftp.Client {
	t.Helper()
	return client(t, sftpserver.Options{Dir: dir, ReadOnly: readOnly, Private: private})
}
