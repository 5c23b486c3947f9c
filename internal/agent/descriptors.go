package agent

import (
	"errors"
	"syscall"
)

const (
	// reservedDescriptors are kept free of forwarded connections, for the
	// agent's own socket, its links and its mounts.
	reservedDescriptors = 64
	// maxForwarded is how many connections are forwarded at a time. OpenSSH
	// ends a connection that has more than 16384 channels.
	maxForwarded = 4096
)

var (
	errDescriptors = errors.New("this host's limit of open files (ulimit -n) is nearly reached by the agent")
	errCrowded     = errors.New("4096 connections are forwarded, and no more are at a time")
)

// descriptors knows how many files the process may have open; 0 is no limit.
type descriptors struct{ limit int }

// low tells whether the descriptor of conn is one of the reserve: the system
// gives the lowest number that is free (POSIX, 2.6 of System Interfaces), so
// that all below are in use, by whomever.
func (d descriptors) low(conn any) bool {
	c, ok := conn.(syscall.Conn)
	if !ok || d.limit == 0 {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	number := 0
	if err := raw.Control(func(fd uintptr) { number = int(fd) }); err != nil {
		return false
	}
	return number >= d.limit-min(reservedDescriptors, d.limit/4)
}
