package progress

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

// Steps turns the guest's step lines into progress. It is an io.Writer
// for the standard output of fbdock-steps; what is no step line is kept as
// the last words of a failure.
type Steps struct {
	Progress Reporter

	mu      sync.Mutex
	lines   untrusted.Lines
	open    string // the step that has begun
	running string // the command that it said it runs
	failed  string // text of the step that failed
	Done    string // hash that the runner wrote down
	words   []string
	// changed counts the steps that said ok: they did something.
	changed int
	warned  int       // lines of warning
	began   time.Time // of the open step
	Phases  []Timed   // of the steps that have ended
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

func (s *Steps) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.Max, s.lines.Each = maxStepLine, s.line
	return s.lines.Write(p)
}

func (s *Steps) line(l untrusted.Line) error {
	if hash, ok := contract.ParseDone(l.Text); ok {
		s.Done = hash
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
		s.Progress.Begin("guest " + step.Name)
	case contract.StepOK, contract.StepSkip, contract.StepReboot, contract.StepFail:
		s.end(step.Name, step.State, step.Text)
	case contract.StepRun:
		s.running = step.Text
		s.Progress.Detail(step.Text)
	case contract.StepWarn:
		s.Progress.Warn(step.Name + ": " + step.Text)
		s.warned++
	case contract.StepDetail:
		s.Progress.Note(step.Name + ": " + step.Text)
	default:
		s.Progress.Detail(strings.TrimSpace(step.State + " " + step.Text))
	}
	if len(s.Phases) > maxSteps || s.warned > maxSteps {
		return &untrusted.TooLargeError{What: "the guest's list of steps", Limit: maxSteps, Unit: "steps"}
	}
	return nil
}

func (s *Steps) end(name, state, text string) {
	if s.open != name {
		s.began = time.Now()
		s.Progress.Begin("guest " + name)
	}
	s.Phases = append(s.Phases, Timed{Name: "guest " + name, Elapsed: time.Since(s.began)})
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
	s.Progress.End(state, text)
}

// maxLeft is how many things an uninstall may leave.
const maxLeft = 1000

// SplitLeft takes the lines of what an uninstall leaves on purpose out of its
// step lines.
func SplitLeft(steps *Steps, left *[]string) io.Writer {
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

// At tells where a connection was lost: the step that had begun, and its
// command.
func (s *Steps) At() (step, command string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != "" {
		s.Progress.End("fail", "")
	}
	return s.open, s.running
}

// Failed is what the step that failed has said, "" where none has.
func (s *Steps) Failed() (text, hint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return contract.SplitHint(s.failed)
}

// Failure is the error that a runner's exit status means, given what it said.
func (s *Steps) Failure(status int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != "" {
		s.Progress.End("fail", "stopped")
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
	err := &failure.Error{Err: fmt.Errorf("prepare the guest: %s", text), Next: hint, Code: failure.ExitFailed}
	if status == contract.StatusImpossible {
		err.Err, err.Code = &NoEngineError{text}, failure.ExitImpossible
	}
	return err
}

// NoEngineError says that a guest cannot run an engine: its bhyve refuses.
type NoEngineError struct{ Reason string }

func (e *NoEngineError) Error() string { return "prepare the guest: " + e.Reason }
