package ui

import (
	"os"

	"golang.org/x/sys/windows"
)

// enableDrawing asks the console to understand escape sequences, which
// those before Windows 10 do not.
func enableDrawing(f *os.File) bool {
	handle := windows.Handle(f.Fd())
	var mode uint32
	if windows.GetConsoleMode(handle, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(handle, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
