//go:build !windows

package main

import (
	"os"
	"syscall"
)

// passedOn are the signals that a proxied command is given: those that ask
// a program to end, and those whose meaning is the program's own.
func passedOn() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}
}
