// Package failure has what an error can say to a user beside its text: the
// next step, and the exit status that it means. It prints nothing and ends no
// program.
package failure

import "errors"

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
	return Hint(e.Err)
}

// Hint is the next step that an error, or one that it wraps, knows: it has a
// method Hint, as Error has. It is "" when none does.
func Hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
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
