package agent

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// Address is the pipe that stands for the socket path.
func Address(path, _ string) string {
	kind := strings.TrimSuffix(filepath.Base(path), ".sock")
	return `\\.\pipe\fbdock-` + kind + "-" + short(strings.ToLower(path))
}

// DockerHost is the address of a pipe as Docker's clients write it.
func DockerHost(address string) string { return "npipe://" + filepath.ToSlash(address) }

// listen makes the pipe for this user alone; the name of another's pipe is
// refused by Windows.
func listen(_ context.Context, address string) (net.Listener, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("find this user's SID: %w", err)
	}
	return winio.ListenPipe(address, &winio.PipeConfig{
		// Protected; all rights to this user and to the system.
		SecurityDescriptor: "D:P(A;;GA;;;" + user.User.Sid.String() + ")(A;;GA;;;SY)",
		// Without it a pipe has no half-close, and `docker run -i` hangs.
		MessageMode:      true,
		InputBufferSize:  64 << 10,
		OutputBufferSize: 64 << 10,
	})
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	return winio.DialPipeContext(ctx, address)
}
