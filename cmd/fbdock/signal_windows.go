package main

import (
	"os"
	"syscall"
)

// passedOn are the signals that Go makes of the console's events.
func passedOn() []os.Signal { return []os.Signal{os.Interrupt, syscall.SIGTERM} }
