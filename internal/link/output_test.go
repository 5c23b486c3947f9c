package link_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/untrusted"
)

func TestOutput(t *testing.T) {
	t.Parallel()
	c := startSSHD(t).dial(t)
	out, err := c.Output(t.Context(), link.Command{Script: "cat; echo words >&2; exit 3", Stdin: strings.NewReader("answer\n")})
	if err != nil || out.Status != 3 || out.Stdout != "answer\n" || out.Reason() != "words" {
		t.Errorf("Output() = %+v, %v, want status 3, stdout %q, reason %q", out, err, "answer\n", "words")
	}
}

// TestOutputOfAHostileGuest: a command that never ends its answer is ended,
// and what it writes takes no memory.
func TestOutputOfAHostileGuest(t *testing.T) {
	c := startSSHD(t).dial(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	// The sender stops by itself, should nothing stop it.
	out, err := c.Output(t.Context(), link.Command{Script: "yes 0123456789 | head -c 1073741824"})
	runtime.ReadMemStats(&after)
	if !untrusted.IsTooLarge(err) || out.Stdout != "" {
		t.Fatalf("Output() of 1 GiB = %d bytes, %v, want no output and a too large error", len(out.Stdout), err)
	}
	if want := "the output of a command on dev is larger than 1 MiB"; err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("Output() of 1 GiB: the heap grew by %d MiB, want 32 or less", grown>>20)
	}
	out, err = c.Output(t.Context(), link.Command{Script: "yes 0123456789 | head -c 67108864 >&2; echo the reason >&2; exit 1"})
	if err != nil || out.Status != 1 || len(out.Stderr) > 16<<10 || !strings.HasSuffix(out.Reason(), "the reason") {
		t.Errorf("Output() of 64 MiB of errors: status = %d, %d bytes kept, error = %v, want 1 and the last 16 KiB", out.Status, len(out.Stderr), err)
	}
}
