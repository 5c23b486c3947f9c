package link

import (
	"time"

	"golang.org/x/sys/windows"
)

// follow asks for the size: Windows has no signal for it that leaves the
// input alone.
func (t *Terminal) follow() {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	last, _ := t.size()
	for {
		select {
		case <-t.stop:
			return
		case <-ticker.C:
			if now, err := t.size(); err == nil && now != last {
				last = now
				t.tell()
			}
		}
	}
}

// prepareOutput lets the console understand the escape sequences that the
// other end sends.
func prepareOutput(fd int) (restore func()) {
	handle := windows.Handle(fd)
	var mode uint32
	if windows.GetConsoleMode(handle, &mode) != nil {
		return func() {}
	}
	_ = windows.SetConsoleMode(handle, mode|windows.ENABLE_PROCESSED_OUTPUT|
		windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING|windows.DISABLE_NEWLINE_AUTO_RETURN)
	return func() { _ = windows.SetConsoleMode(handle, mode) }
}
