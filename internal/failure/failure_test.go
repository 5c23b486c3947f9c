package failure_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/fbdock/fbdock/internal/failure"
)

// named is an error of another package, which knows its own next step.
type named struct{}

func (named) Error() string { return "no disk" }
func (named) Hint() string  { return "make room" }

func TestHintAndStatus(t *testing.T) {
	t.Parallel()
	inner := fmt.Errorf("copy: %w", named{})
	tests := map[string]struct {
		err    error
		hint   string
		status int
	}{
		"none":             {nil, "", 0},
		"plain":            {errors.New("no"), "", failure.ExitFailed},
		"hint of a type":   {inner, "make room", failure.ExitFailed},
		"its own":          {&failure.Error{Err: inner, Next: "ask"}, "ask", failure.ExitFailed},
		"of what it wraps": {&failure.Error{Err: inner, Code: failure.ExitUsage}, "make room", failure.ExitUsage},
		"wrapped":          {fmt.Errorf("up: %w", &failure.Error{Err: inner, Next: "ask", Code: failure.ExitImpossible}), "ask", failure.ExitImpossible},
		"joined":           {errors.Join(errors.New("no"), inner), "make room", failure.ExitFailed},
	}
	for name, test := range tests {
		if got := failure.Hint(test.err); got != test.hint {
			t.Errorf("Hint() of %s (%v) = %q, want %q", name, test.err, got, test.hint)
		}
		if got := failure.Status(test.err); got != test.status {
			t.Errorf("Status() of %s (%v) = %d, want %d", name, test.err, got, test.status)
		}
	}
}
