//go:build !windows

package link

import (
	"context"
	"net"
	"time"
)

func dialAgent(ctx context.Context, path string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	return dialer.DialContext(ctx, "unix", path)
}
