package up

import (
	"testing"

	"github.com/fbdock/fbdock/internal/project"
)

// TestChangesThatWait: what an `up` does not apply is not written down as
// applied.
func TestChangesThatWait(t *testing.T) {
	t.Parallel()
	memory, box, ports := project.Change{Setting: "memory"}, project.Change{Setting: "box"}, project.Change{Setting: "ports"}
	tests := []struct {
		c    changing
		want [3]bool // memory, box, ports
	}{
		{changing{}, [3]bool{true, true, true}},
		{changing{existed: true}, [3]bool{true, false, true}},
		{changing{existed: true, stale: true}, [3]bool{false, false, true}},
	}
	for _, tt := range tests {
		if got := [3]bool{tt.c.applies(memory), tt.c.applies(box), tt.c.applies(ports)}; got != tt.want {
			t.Errorf("applies() of %+v = %v, want %v", tt.c, got, tt.want)
		}
	}
}
