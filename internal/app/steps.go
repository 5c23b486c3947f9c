package app

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Exit statuses of the guest's step runner, provision/guest/fbdock-steps.
const (
	stepsReboot     = 10
	stepsImpossible = 3
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
	// Warn gives a line that the user should not miss.
	Warn(text string)
}

// stepLines turns the guest's step lines into progress. It is an io.Writer
// for the standard output of fbdock-steps; what is no step line is kept as
// the last words of a failure.
type stepLines struct {
	progress Progress

	mu     sync.Mutex
	rest   []byte
	open   string // the step that has begun
	failed string // text of the step that failed
	done   string // hash that the runner wrote down
	words  []string
	// changed counts the steps that said ok: they did something.
	changed int
	began   time.Time // of the open step
	phases  []Phase   // of the steps that have ended
}

// maxWords bounds what is kept of the lines that are no step lines.
const maxWords = 20

func (s *stepLines) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest = append(s.rest, p...)
	for {
		i := bytes.IndexByte(s.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		s.line(strings.TrimRight(string(s.rest[:i]), "\r"))
		s.rest = s.rest[i+1:]
	}
}

func (s *stepLines) line(line string) {
	if hash, ok := strings.CutPrefix(line, "fbdock-steps done "); ok {
		s.done = strings.TrimSpace(hash)
		return
	}
	step, ok := strings.CutPrefix(line, "fbdock-step ")
	if !ok {
		if s.words = append(s.words, line); len(s.words) > maxWords {
			s.words = s.words[1:]
		}
		return
	}
	name, rest, _ := strings.Cut(step, " ")
	state, text, _ := strings.Cut(rest, " ")
	switch state {
	case "begin":
		s.open, s.began = name, time.Now()
		s.progress.Begin("guest " + name)
	case "ok", "skip", "reboot", "fail":
		s.end(name, state, text)
	default:
		s.progress.Detail(rest)
	}
}

func (s *stepLines) end(name, state, text string) {
	if s.open != name {
		s.began = time.Now()
		s.progress.Begin("guest " + name)
	}
	s.phases = append(s.phases, Phase{Name: "guest " + name, Elapsed: time.Since(s.began)})
	s.open = ""
	switch state {
	case "ok":
		s.changed++
	case "fail":
		s.failed = name + ": " + text
	case "reboot":
		s.changed++
		state = "ok"
		text = "reboot wanted: " + text
	}
	s.progress.End(state, text)
}

// splitLeft takes the lines of what an uninstall leaves on purpose out of its
// step lines.
type splitLeft struct {
	steps *stepLines
	left  *bytes.Buffer
	rest  []byte
}

func (s *splitLeft) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	for {
		i := bytes.IndexByte(s.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		line := s.rest[:i+1]
		if text, ok := bytes.CutPrefix(line, []byte("fbdock-left ")); ok {
			s.left.Write(text)
		} else if _, err := s.steps.Write(line); err != nil {
			return 0, err
		}
		s.rest = s.rest[i+1:]
	}
}

// failure is the error that a runner's exit status means, given what it said.
func (s *stepLines) failure(status int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != "" {
		s.progress.End("fail", "stopped")
	}
	text, hint, _ := strings.Cut(s.failed, " | hint: ")
	if text == "" {
		text = fmt.Sprintf("the guest's steps ended with status %d", status)
		if n := len(s.words); n > 0 {
			text += ": " + s.words[n-1]
		}
	}
	if hint == "" {
		hint = "`fbdock logs --layer freebsd` shows what the guest's steps did"
	}
	code := ExitFailed
	if status == stepsImpossible {
		code = ExitImpossible
	}
	return &Error{Err: fmt.Errorf("prepare the guest: %s", text), Next: hint, Code: code}
}
