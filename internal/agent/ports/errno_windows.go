package ports

import (
	"errors"

	"golang.org/x/sys/windows"
)

func inUse(err error) bool { return errors.Is(err, windows.WSAEADDRINUSE) }

// denied is also what Windows says of a port within a reserved range, as
// Hyper-V takes them.
func denied(err error) bool { return errors.Is(err, windows.WSAEACCES) }
