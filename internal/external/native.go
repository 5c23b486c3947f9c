package external

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/run"
)

// On a host that runs FreeBSD itself everything is done the same way: the
// base system's sshd is started for one connection, as the user and without a
// port, and speaks over a pipe. Nobody else can reach it, nothing has to be
// enabled, and all that comes after is as with a computer elsewhere.

// native makes what that sshd needs, where it is missing.
func (o *Computer) native() (link.Host, error) {
	login, err := loginName()
	if err != nil {
		return link.Host{}, err
	}
	h := link.Host{Name: o.Plan.Name, HostName: "127.0.0.1", User: login, IdentityFiles: []string{o.nativeFile("key")}, IdentitiesOnly: true}
	if err := o.Files.Make(); err != nil {
		return link.Host{}, err
	}
	if err := o.nativeKeys(); err != nil {
		return link.Host{}, err
	}
	hostKey, err := link.ConfigWord(o.nativeFile("host_key"), false)
	if err != nil {
		return link.Host{}, err
	}
	authorized, err := link.ConfigWord(o.nativeFile("authorized_keys"), true)
	if err != nil {
		return link.Host{}, err
	}
	lines := []string{
		"HostKey " + hostKey, "AuthorizedKeysFile " + authorized,
		"PidFile none", "UsePAM no", "StrictModes no", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
		"PermitRootLogin prohibit-password", "AllowTcpForwarding yes", "AllowStreamLocalForwarding yes", "MaxSessions 200", "PrintMotd no",
	}
	// An sshd that is not root's may know less of the login class.
	if path, ok := o.Lookup("PATH"); ok && !strings.ContainsAny(path, "\"\n\\") {
		lines = append(lines, `SetEnv "PATH=`+path+`"`)
	}
	return h, o.Project.Write(o.nativeFile("sshd_config"), []byte(strings.Join(lines, "\n")+"\n"))
}

// nativeKeys makes the two keys; the public one comes last and says that the
// rest is there.
func (o *Computer) nativeKeys() error {
	if host.Exists(o.nativeFile("authorized_keys")) {
		return nil
	}
	if _, err := machine.WriteKey(o.Project, o.nativeFile("host_key")); err != nil {
		return fmt.Errorf("make a host key: %w", err)
	}
	client, err := machine.WriteKey(o.Project, o.nativeFile("key"))
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	return o.Project.Write(o.nativeFile("authorized_keys"), ssh.MarshalAuthorizedKey(client))
}

func (o *Computer) nativeFile(name string) string {
	return filepath.Join(o.Files.SSH(), "native_"+name)
}

// loginName is the user that fbdock runs as.
func loginName() (string, error) {
	me, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("find out who you are: %w", err)
	}
	return me.Username, nil
}

// dialNative starts an sshd for one connection.
func (o *Computer) dialNative(ctx context.Context) (net.Conn, error) {
	// sshd starts itself anew and wants to know where it lies.
	program, err := run.LookPath("sshd")
	if err != nil {
		program = "/usr/sbin/sshd"
	}
	toServer, in := io.Pipe()
	out, fromServer := io.Pipe()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &pipeConn{Reader: out, Writer: in, end: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		_, err := o.Runner.Run(ctx, run.Cmd{
			Name: program, Args: []string{"-i", "-e", "-f", o.nativeFile("sshd_config")}, Env: o.Environ, Dir: os.TempDir(),
			Stdin: toServer, Stdout: fromServer,
		})
		if err == nil {
			err = io.EOF
		}
		_ = fromServer.CloseWithError(err) // never fails
		_ = toServer.CloseWithError(err)
	}()
	return c, nil
}

// pipeConn is a connection over the standard streams of a program.
type pipeConn struct {
	io.Reader
	io.Writer
	end  func()
	done chan struct{}
}

// Close ends the program by the end of its input, and by a signal when that
// is not enough.
func (c *pipeConn) Close() error {
	_ = c.Writer.(io.Closer).Close() // never fails
	_ = c.Reader.(io.Closer).Close()
	select {
	case <-c.done:
	case <-time.After(time.Second):
		c.end()
	}
	return nil
}

func (c *pipeConn) LocalAddr() net.Addr  { return pipeAddr{} }
func (c *pipeConn) RemoteAddr() net.Addr { return pipeAddr{} }

var errNoDeadline = errors.New("a pipe to a program has no deadlines")

func (c *pipeConn) SetDeadline(time.Time) error      { return errNoDeadline }
func (c *pipeConn) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (c *pipeConn) SetWriteDeadline(time.Time) error { return errNoDeadline }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "sshd" }
