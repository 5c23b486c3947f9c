package link

import (
	"net"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
)

// dialAgent reaches Windows' own ssh-agent by its pipe, and those of
// others by a unix socket, which Windows has as well.
func dialAgent(path string) (net.Conn, error) {
	timeout := 2 * time.Second
	if strings.HasPrefix(path, `\\`) {
		return winio.DialPipe(path, &timeout)
	}
	return net.DialTimeout("unix", path, timeout)
}
