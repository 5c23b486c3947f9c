package progress

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/provision/contract"
)

// record is a Progress that writes down what it is told.
type record struct{ lines []string }

func (r *record) add(words ...string)    { r.lines = append(r.lines, strings.Join(words, " ")) }
func (r *record) Begin(phase string)     { r.add("begin", phase) }
func (r *record) Detail(text string)     { r.add("detail", text) }
func (r *record) Bytes(_, _ int64)       {}
func (r *record) End(state, text string) { r.add("end", state, text) }
func (r *record) Say(text string)        { r.add("say", text) }
func (r *record) Show(text string)       { r.add("show", text) }
func (r *record) Note(text string)       { r.add("note", text) }
func (r *record) Warn(text string)       { r.add("warn", text) }
func (r *record) has(text string) bool   { return strings.Contains(strings.Join(r.lines, "\n"), text) }
func feed(s *Steps, pieces ...string) {
	for _, p := range pieces {
		_, _ = s.Write([]byte(p))
	}
}

func TestStepLinesBecomeProgress(t *testing.T) {
	t.Parallel()
	r := &record{}
	s := &Steps{Progress: r}
	// Lines arrive cut anywhere, and with what other programs say between them.
	feed(s, "fbdock-step base be", "gin\nsome noise\nfbdock-step base ok kernel modules loaded\r\n",
		"fbdock-step storage begin\nfbdock-step storage warn the pool\nfbdock-step storage skip\n", "fbdock-steps done 0123abcd\n")
	want := []string{
		"begin guest base", "end ok kernel modules loaded", "begin guest storage", "warn storage: the pool", "end skip ",
	}
	if diff := cmp.Diff(want, r.lines); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	if s.Done != "0123abcd" || s.changed != 1 {
		t.Errorf("done %q and %d changed, want 0123abcd and 1", s.Done, s.changed)
	}
}

func TestStepFailureKeepsItsHint(t *testing.T) {
	t.Parallel()
	s := &Steps{Progress: &record{}}
	feed(s, "fbdock-step image begin\nfbdock-step image fail no GPT | hint: choose an image whose name says uefi\n")
	err := s.Failure(1)
	if got := err.Error(); got != "prepare the guest: image: no GPT" {
		t.Errorf("Failure(1) = %q, want \"prepare the guest: image: no GPT\"", got)
	}
	if got := failure.Hint(err); got != "choose an image whose name says uefi" {
		t.Errorf("Hint() = %q, want \"choose an image whose name says uefi\"", got)
	}
	if failure.Status(err) != failure.ExitFailed {
		t.Errorf("status %d, want %d", failure.Status(err), failure.ExitFailed)
	}
}

func TestStepThatStopsMidwayIsTold(t *testing.T) {
	t.Parallel()
	r := &record{}
	s := &Steps{Progress: r}
	feed(s, "fbdock-step engine begin\nsh: out of memory\n")
	err := s.Failure(137)
	if !strings.Contains(err.Error(), "status 137: sh: out of memory") {
		t.Errorf("Failure(137) = %q, want the status and the last line in it", err)
	}
	if !r.has("end fail stopped") {
		t.Errorf("phases = %q, want the open one ended as stopped", r.lines)
	}
}

func TestGuestThatCannotRunItIsStatusThree(t *testing.T) {
	t.Parallel()
	s := &Steps{Progress: &record{}}
	feed(s, "fbdock-step base fail SVM: disabled by BIOS. | hint: switch it on\n")
	if got := failure.Status(s.Failure(contract.StatusImpossible)); got != failure.ExitImpossible {
		t.Errorf("status %d, want %d", got, failure.ExitImpossible)
	}
}
