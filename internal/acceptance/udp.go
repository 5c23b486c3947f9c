package acceptance

import (
	"context"
	"net"
)

// UDPEchoFlag makes the program that has the suite a UDP server, in a
// container.
const UDPEchoFlag = "-udp-echo"

// EchoUDP sends every datagram back until ctx ends.
func EchoUDP(ctx context.Context, address string) error {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	data := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFrom(data)
		if err != nil {
			return err
		}
		if _, err := conn.WriteTo(data[:n], from); err != nil {
			return err
		}
	}
}
