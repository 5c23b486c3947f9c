//go:build unix

package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Address is where a socket named path is: there, or for a path that is too
// long in runtimeDir ("" is the system's folder for temporary files).
func Address(path, runtimeDir string) string {
	if len(path) <= longest {
		return path
	}
	name := "fbdock-" + strconv.Itoa(os.Getuid())
	if runtimeDir != "" {
		name = "fbdock"
	}
	dir := filepath.Join(runtimeDir, name)
	// XDG_RUNTIME_DIR could itself be long.
	if runtimeDir == "" || len(dir) > longest-30 {
		dir = filepath.Join("/tmp", "fbdock-"+strconv.Itoa(os.Getuid()))
	}
	return filepath.Join(dir, short(path)+filepath.Ext(path))
}

// DockerHost is the address of a socket as Docker's clients write it.
func DockerHost(address string) string { return "unix://" + address }

// listen makes the socket; one that a dead agent has left is removed, which
// is safe under the agent's lock.
func listen(ctx context.Context, address string) (net.Listener, error) {
	if err := private(filepath.Dir(address)); err != nil {
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

// private makes the folder, or refuses one that others can write to: they
// could put a socket of theirs there.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || ok && int(owner.Uid) != os.Getuid() {
		return fmt.Errorf("folder %s is not private to this user", dir)
	}
	return nil
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "unix", address)
}
