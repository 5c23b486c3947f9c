package progress

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/untrusted"
)

// TestStepLinesOfAHostileGuest: neither a line nor a list without an end
// takes memory, and the second ends the command.
func TestStepLinesOfAHostileGuest(t *testing.T) {
	t.Parallel()
	s := &Steps{Progress: &record{}}
	chunk := []byte(strings.Repeat("x", 64<<10))
	for range 1 << 10 { // 64 MiB without a line end
		if _, err := s.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	feed(s, "\nfbdock-step base fail after all\n")
	if s.failed != "base: after all" {
		t.Errorf("failure after a long line = %q, want \"base: after all\"", s.failed)
	}
	if len(s.words) != 1 || len(s.words[0]) > maxStepLine {
		t.Errorf("kept lines = %d, the first of %d bytes, want 1 of at most %d", len(s.words), len(s.words[0]), maxStepLine)
	}
	var err error
	for n := 0; err == nil && n < 10*maxSteps; n++ {
		_, err = s.Write([]byte("fbdock-step base ok again\n"))
	}
	if !untrusted.IsTooLarge(err) || len(s.Phases) > maxSteps+1 {
		t.Errorf("steps kept of an endless list = %d, %v, want at most %d and a TooLargeError", len(s.Phases), err, maxSteps+1)
	}
}

func TestLeftLinesOfAHostileGuest(t *testing.T) {
	t.Parallel()
	var left []string
	w := SplitLeft(&Steps{Progress: &record{}}, &left)
	var err error
	for n := 0; err == nil && n < 10*maxLeft; n++ {
		_, err = w.Write([]byte("fbdock-left a file\n"))
	}
	if !untrusted.IsTooLarge(err) || len(left) != maxLeft || left[0] != "a file" {
		t.Errorf("lines kept of an endless list = %d, %v, want %d and a TooLargeError", len(left), err, maxLeft)
	}
}

// FuzzStepLines: it makes no difference where the lines are cut, and what is
// kept is bounded.
func FuzzStepLines(f *testing.F) {
	f.Add("fbdock-step base begin\nnoise\nfbdock-step base ok done\r\nfbdock-steps done 0123\n", 3)
	f.Add("fbdock-step a fail b | hint: c\nfbdock-step a reboot x\nfbdock-step  \nfbdock-step", 1)
	f.Add(strings.Repeat("fbdock-step a skip\n", 30)+strings.Repeat("y", 5000), 1000)
	f.Fuzz(func(t *testing.T, text string, size int) {
		size = max(size, 1)
		whole, cut := &record{}, &record{}
		one, other := &Steps{Progress: whole}, &Steps{Progress: cut}
		_, oneErr := one.Write([]byte(text))
		var otherErr error
		for rest := text; rest != "" && otherErr == nil; {
			n := min(size, len(rest))
			_, otherErr = other.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		if diff := cmp.Diff(whole.lines, cut.lines); diff != "" || (oneErr == nil) != (otherErr == nil) {
			t.Fatalf("lines written whole and %d bytes at a time, want the same (-whole +cut):\n%s\n%v, %v", size, diff, oneErr, otherErr)
		}
		if len(one.words) > maxWords || len(one.Phases) > maxSteps+1 {
			t.Fatalf("kept words = %d, phases = %d, want at most %d, %d", len(one.words), len(one.Phases), maxWords, maxSteps+1)
		}
		_ = one.Failure(1)
	})
}
