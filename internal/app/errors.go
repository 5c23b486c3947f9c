package app

import (
	"errors"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/state"
)

// Exit statuses of the fbdock command beside 0.
const (
	ExitFailed      = 1
	ExitUsage       = 2   // wrong flags or a wrong configuration
	ExitImpossible  = 3   // this computer, or this guest, cannot run it
	ExitLink        = 125 // fbdock failed before or while a proxied command ran
	ExitInterrupted = 130
)

// Error is a failure with the next step and the exit status that it means.
type Error struct {
	Err  error
	Next string // the hint, "" when there is none
	Code int    // 0 means ExitFailed
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint is the next step for the user: this error's own, else that of the
// error it wraps.
func (e *Error) Hint() string {
	if e.Next != "" {
		return e.Next
	}
	return hintOf(e.Err)
}

// Status is the exit status that err means.
func Status(err error) int {
	if err == nil {
		return 0
	}
	var e *Error
	if errors.As(err, &e) && e.Code != 0 {
		return e.Code
	}
	return ExitFailed
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// Hint is the next step after an error: its own, else what repairs the
// permissions of a file that it is about.
func (o Options) Hint(err error) string {
	if hint := hintOf(err); hint != "" {
		return hint
	}
	home, _ := o.home()
	here, _ := filepath.Abs(".")
	return state.DeniedHint(err, home, here, o.CacheDir)
}
