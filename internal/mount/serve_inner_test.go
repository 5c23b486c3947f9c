package mount

import (
	"fmt"
	"slices"
	"testing"
)

// TestMovedIsToldOnce: a guest that says without end that it has moved
// something aside fills no log.
func TestMovedIsToldOnce(t *testing.T) {
	t.Parallel()
	var told []string
	words := &guestWords{moved: func(text string) { told = append(told, text) }}
	for i := range 1000 {
		if _, err := fmt.Fprintf(words, "fbdock-mount moved \x1b[31m%d\n", i); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{`\x1b[31m0`}; !slices.Equal(told, want) {
		t.Errorf("Moved was told %d times, first %q, want %q", len(told), told[0], want)
	}
}
