package link

import (
	"os"
	"syscall"
)

// signalName knows those that Go makes of the console's events.
func signalName(s os.Signal) (Signal, bool) {
	switch s {
	case os.Interrupt:
		return SIGINT, true
	case syscall.SIGTERM:
		return SIGTERM, true
	}
	return "", false
}

// InForeground is true: the console sends its events to all its processes.
func InForeground() bool { return true }
