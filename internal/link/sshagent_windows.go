package link

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/Microsoft/go-winio"
)

// dialAgent reaches Windows' own ssh-agent by its pipe, and those of
// others by a unix socket, which Windows has as well.
func dialAgent(ctx context.Context, path string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if strings.HasPrefix(path, `\\`) {
		return winio.DialPipeContext(ctx, path)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "unix", path)
}
