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
		t.Errorf("what follows a long line is lost: %q", s.failed)
	}
	if len(s.words) != 1 || len(s.words[0]) > maxStepLine {
		t.Errorf("%d lines are kept, the first of %d bytes", len(s.words), len(s.words[0]))
	}
	var err error
	for n := 0; err == nil && n < 10*maxSteps; n++ {
		_, err = s.Write([]byte("fbdock-step base ok again\n"))
	}
	if !untrusted.IsTooLarge(err) || len(s.Phases) > maxSteps+1 {
		t.Errorf("a list of steps without an end: %d are kept, %v", len(s.Phases), err)
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
		t.Errorf("%d lines are kept, %v", len(left), err)
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
			t.Fatalf("written %d bytes at a time (-whole +cut):\n%s\n%v, %v", size, diff, oneErr, otherErr)
		}
		if len(one.words) > maxWords || len(one.Phases) > maxSteps+1 {
			t.Fatalf("%d words and %d phases are kept", len(one.words), len(one.Phases))
		}
		_ = one.Failure(1)
	})
}
