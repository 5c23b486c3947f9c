package app

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/provision/contract"
)

// Progress is told what a use case does while it does it.
type Progress interface {
	// Begin starts a phase; phases do not nest.
	Begin(phase string)
	// Detail says what the running phase is busy with.
	Detail(text string)
	// Bytes says how much of a transfer is done; total is 0 when unknown.
	Bytes(done, total int64)
	// End closes the running phase: ok, skip or fail, with a word on it.
	End(state, text string)
	// Say gives a line of information outside of any phase.
	Say(text string)
	// Show gives a line that a question follows on: it is never left out.
	Show(text string)
	// Note gives a line that only --verbose shows.
	Note(text string)
	// Warn gives a line that the user should not miss.
	Warn(text string)
}

// phase runs f as a phase of progress, which ends with the text of f.
func phase(p Progress, name string, f func() (string, error)) error {
	p.Begin(name)
	text, err := f()
	if err != nil {
		p.End("fail", "")
		return err
	}
	p.End("ok", text)
	return nil
}

// stepLines turns the guest's step lines into progress. It is an io.Writer
// for the standard output of fbdock-steps; what is no step line is kept as
// the last words of a failure.
type stepLines struct {
	progress Progress

	mu      sync.Mutex
	lines   untrusted.Lines
	open    string // the step that has begun
	running string // the command that it said it runs
	failed  string // text of the step that failed
	done    string // hash that the runner wrote down
	words   []string
	// changed counts the steps that said ok: they did something.
	changed int
	warned  int       // lines of warning
	began   time.Time // of the open step
	phases  []Phase   // of the steps that have ended
}

const (
	// maxWords bounds what is kept of the lines that are no step lines.
	maxWords = 20
	// maxStepLine bounds a line of the guest's.
	maxStepLine = 4 << 10
	// maxSteps is how many steps may end, and how often they may warn: there
	// are about ten, and the user's own scripts. Who says that more have is not fbdock-steps.
	maxSteps = 1000
)

func (s *stepLines) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.Max, s.lines.Each = maxStepLine, s.line
	return s.lines.Write(p)
}

func (s *stepLines) line(l untrusted.Line) error {
	if hash, ok := contract.ParseDone(l.Text); ok {
		s.done = hash
		return nil
	}
	step, ok := contract.ParseStep(l.Text)
	if !ok {
		if s.words = append(s.words, l.Text); len(s.words) > maxWords {
			s.words = s.words[1:]
		}
		return nil
	}
	switch step.State {
	case contract.StepBegin:
		s.open, s.began, s.running = step.Name, time.Now(), ""
		s.progress.Begin("guest " + step.Name)
	case contract.StepOK, contract.StepSkip, contract.StepReboot, contract.StepFail:
		s.end(step.Name, step.State, step.Text)
	case contract.StepRun:
		s.running = step.Text
		s.progress.Detail(step.Text)
	case contract.StepWarn:
		s.progress.Warn(step.Name + ": " + step.Text)
		s.warned++
	case contract.StepDetail:
		s.progress.Note(step.Name + ": " + step.Text)
	default:
		s.progress.Detail(strings.TrimSpace(step.State + " " + step.Text))
	}
	if len(s.phases) > maxSteps || s.warned > maxSteps {
		return &untrusted.TooLargeError{What: "the guest's list of steps", Limit: maxSteps, Unit: "steps"}
	}
	return nil
}

func (s *stepLines) end(name, state, text string) {
	if s.open != name {
		s.began = time.Now()
		s.progress.Begin("guest " + name)
	}
	s.phases = append(s.phases, Phase{Name: "guest " + name, Elapsed: time.Since(s.began)})
	s.open = ""
	switch state {
	case contract.StepOK:
		s.changed++
	case contract.StepFail:
		s.failed, text = name+": "+text, "" // the error says it, once
	case contract.StepReboot:
		s.changed++
		state = contract.StepOK
		text = "reboot wanted: " + text
	}
	s.progress.End(state, text)
}

// maxLeft is how many things an uninstall may leave.
const maxLeft = 1000

// splitLeft takes the lines of what an uninstall leaves on purpose out of its
// step lines.
func splitLeft(steps *stepLines, left *[]string) io.Writer {
	return &untrusted.Lines{Max: maxStepLine, Each: func(l untrusted.Line) error {
		text, ok := contract.ParseLeft(l.Text)
		if !ok {
			_, err := io.WriteString(steps, l.Text+"\n")
			return err
		}
		if len(*left) >= maxLeft {
			return &untrusted.TooLargeError{What: "the list of what is left", Limit: maxLeft, Unit: "lines"}
		}
		*left = append(*left, text)
		return nil
	}}
}

// at tells where a connection was lost: the step that had begun, and its
// command.
func (s *stepLines) at() (step, command string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != "" {
		s.progress.End("fail", "")
	}
	return s.open, s.running
}

// failure is the error that a runner's exit status means, given what it said.
func (s *stepLines) failure(status int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != "" {
		s.progress.End("fail", "stopped")
	}
	text, hint := contract.SplitHint(s.failed)
	if text == "" {
		text = fmt.Sprintf("the guest's steps ended with status %d", status)
		if n := len(s.words); n > 0 {
			text += ": " + s.words[n-1]
		}
	}
	if hint == "" {
		hint = "`fbdock logs --layer freebsd` shows what the guest's steps did"
	}
	code := failure.ExitFailed
	if status == contract.StatusImpossible {
		code = failure.ExitImpossible
	}
	return &failure.Error{Err: fmt.Errorf("prepare the guest: %s", text), Next: hint, Code: code}
}
