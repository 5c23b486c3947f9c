//go:build !windows

package link

import (
	"net"
	"time"
)

func dialAgent(path string) (net.Conn, error) {
	return net.DialTimeout("unix", path, 2*time.Second)
}
