package app

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
	s := &stepLines{progress: &record{}}
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
	if !untrusted.IsTooLarge(err) || len(s.phases) > maxSteps+1 {
		t.Errorf("a list of steps without an end: %d are kept, %v", len(s.phases), err)
	}
}

func TestLeftLinesOfAHostileGuest(t *testing.T) {
	t.Parallel()
	var left []string
	w := splitLeft(&stepLines{progress: &record{}}, &left)
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
		one, other := &stepLines{progress: whole}, &stepLines{progress: cut}
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
		if len(one.words) > maxWords || len(one.phases) > maxSteps+1 {
			t.Fatalf("%d words and %d phases are kept", len(one.words), len(one.phases))
		}
		_ = one.failure(1)
	})
}

// FuzzHealthLines: a layer is told for each line of fbdock-health's, and is
// well only where the line says so.
func FuzzHealthLines(f *testing.F) {
	f.Add("fbdock-health pool ok zroot online\nnoise\nfbdock-health zvols fail no node | hint: run it\n")
	f.Add("fbdock-health\nfbdock-health  ok\nfbdock-health a ok\x1b[2J")
	f.Fuzz(func(t *testing.T, out string) {
		layers, i := health(out), 0
		for line := range strings.Lines(out) {
			rest, ours := strings.CutPrefix(strings.TrimSpace(line), "fbdock-health ")
			if !ours {
				continue
			}
			if i == len(layers) {
				t.Fatalf("health(%q) leaves %q out", out, rest)
			}
			l := layers[i]
			if l.OK && !strings.HasPrefix(rest+" ", l.Name+" ok ") || strings.Contains(l.Name, "\n") || strings.Contains(l.Text, "\n") {
				t.Fatalf("health(%q): %q became %+v", out, rest, l)
			}
			i++
		}
		if i != len(layers) {
			t.Fatalf("health(%q) has %d layers of %d lines", out, len(layers), i)
		}
	})
}

// FuzzSurveyLines: nothing that would change is hidden from the user, each
// obstacle keeps its own hint, and only the last word ends it.
func FuzzSurveyLines(f *testing.F) {
	f.Add("fbdock-survey has system FreeBSD 15\nfbdock-survey change pkg install qemu\nfbdock-survey stop no vmm | hint: load it\nfbdock-survey done\n")
	f.Add("fbdock-survey change\nfbdock-survey stop\n fbdock-survey done x\r\n")
	f.Fuzz(func(t *testing.T, out string) {
		s := surveyLines(out)
		var changes, stops int
		var done bool
		for line := range strings.Lines(out) {
			kind, ours := strings.CutPrefix(strings.TrimSpace(line), "fbdock-survey ")
			if !ours {
				continue
			}
			kind, text, _ := strings.Cut(kind, " ")
			switch kind {
			case "change":
				if changes >= len(s.changes) || s.changes[changes] != text {
					t.Fatalf("surveyLines(%q) hides the change %q", out, text)
				}
				changes++
			case "stop":
				stops++
			case "done":
				done = true
			}
		}
		if changes != len(s.changes) || stops != len(s.stops) || stops != len(s.hints) || done != s.done {
			t.Fatalf("surveyLines(%q) = %+v", out, s)
		}
	})
}

// FuzzShareLines: a share works only where a line says so, and is one of the
// names in the lines.
func FuzzShareLines(f *testing.F) {
	f.Add("fbdock-share data zroot/fbdock/shares/data ok read and written\nfbdock-share x - fail nfs no answer | hint: see\n")
	f.Add("fbdock-share\nfbdock-share  \nfbdock-share a b ok\nfbdock-share a b fail\n")
	f.Fuzz(func(t *testing.T, out string) {
		for name, s := range shareLines(out) {
			if !strings.Contains(out, "fbdock-share "+name) {
				t.Fatalf("shareLines(%q) has %q", out, name)
			}
			if s.OK != (s.Layer == "" && strings.Contains(out, " ok")) && s.OK {
				t.Fatalf("shareLines(%q): %q = %+v", out, name, s)
			}
		}
	})
}
