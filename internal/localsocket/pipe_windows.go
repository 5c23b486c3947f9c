package localsocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// Address is the pipe that stands for the socket named path.
func (p Places) Address(path string) (string, error) {
	kind := strings.TrimSuffix(filepath.Base(path), ".sock")
	return `\\.\pipe\fbdock-` + kind + "-" + short(strings.ToLower(path)), nil
}

// DockerHost is the address of a pipe as Docker's clients write it. They do
// not look who serves it, so a pipe of another user is refused here.
func DockerHost(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := Dial(ctx, address)
	if err == nil {
		err = conn.Close()
	} else if _, strange := errors.AsType[*StrangerError](err); !strange {
		err = nil // nobody serves it yet
	}
	return "npipe://" + filepath.ToSlash(address), err
}

// Listen makes the pipe for this user alone; the name of a pipe that exists
// is refused by Windows.
func Listen(_ context.Context, address string) (net.Listener, error) {
	user, err := me()
	if err != nil {
		return nil, err
	}
	return winio.ListenPipe(address, &winio.PipeConfig{
		// The owner is this user also where the process is elevated, whose
		// objects are the administrators'. Protected; all rights to this user
		// and to the system.
		SecurityDescriptor: "O:" + user.String() + "D:P(A;;GA;;;" + user.String() + ")(A;;GA;;;SY)",
		// Without it a pipe has no half-close, and `docker run -i` hangs.
		MessageMode:      true,
		InputBufferSize:  64 << 10,
		OutputBufferSize: 64 << 10,
	})
}

// Remove has nothing to do: a pipe ends with the process that serves it.
func Remove(string) error { return nil }

// Dial connects to a pipe that this user serves. One of another user is a
// *StrangerError, and nothing was sent there.
func Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := winio.DialPipeContext(ctx, address)
	if errors.Is(err, os.ErrPermission) {
		return nil, errors.Join(&StrangerError{Address: address, Owner: "another user"}, err)
	}
	if err != nil {
		return nil, err
	}
	if err := checkOwner(address, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func checkOwner(address string, conn net.Conn) error {
	user, err := me()
	if err != nil {
		return err
	}
	handle, ok := conn.(interface{ Fd() uintptr })
	if !ok {
		return fmt.Errorf("find out who serves %s: %T has no handle", address, conn)
	}
	sd, err := windows.GetSecurityInfo(windows.Handle(handle.Fd()), windows.SE_KERNEL_OBJECT, windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("find out who serves %s: %w", address, err)
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return fmt.Errorf("find out who serves %s: %w", address, err)
	}
	if !owner.Equals(user) {
		return &StrangerError{Address: address, Owner: owner.String()}
	}
	return nil
}

// me is this user's SID.
func me() (*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("find this user's SID: %w", err)
	}
	return user.User.Sid, nil
}

// Folders are none: pipes have no files.
func (Places) Folders() []string { return nil }
