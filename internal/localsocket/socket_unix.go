//go:build unix

package localsocket

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// Listen makes the socket. One that a dead process has left is removed: the
// caller holds a lock that says that nobody serves it.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	dir := filepath.Dir(address)
	if err := private(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := own(address); err != nil {
		return nil, err
	}
	if err := os.Remove(address); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "unix", address)
	if err != nil {
		return nil, err
	}
	// The folder keeps others out meanwhile.
	if err := os.Chmod(address, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Remove takes a socket away that nobody serves any more.
func Remove(address string) error {
	info, err := os.Lstat(address)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSocket == 0 {
		return nil
	}
	return errors.Join(err, os.Remove(address))
}

// Dial connects to a socket that this user serves. One of another user is a
// *StrangerError, and nothing was sent there.
func Dial(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", address)
	if err != nil {
		return nil, err
	}
	owner, err := peer(conn)
	if err == nil && owner != os.Geteuid() {
		err = &StrangerError{Address: address, Owner: fmt.Sprintf("user %d", owner)}
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// peer is the user that listens at the other end.
func peer(conn net.Conn) (uid int, err error) {
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		return 0, err
	}
	if inner := raw.Control(func(fd uintptr) { uid, err = peerOf(int(fd)) }); inner != nil {
		return 0, inner
	}
	if err != nil {
		return 0, fmt.Errorf("find out who serves the socket: %w", err)
	}
	return uid, nil
}
