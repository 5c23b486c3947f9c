package progress

import "time"

// Reporter is told what a use case does while it does it.
type Reporter interface {
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

// Run runs f as a phase of progress, which ends with the text of f.
func Run(p Reporter, name string, f func() (string, error)) error {
	p.Begin(name)
	text, err := f()
	if err != nil {
		p.End("fail", "")
		return err
	}
	p.End("ok", text)
	return nil
}

// Step runs f as a phase that has nothing to say at its end.
func Step(p Reporter, name string, f func() error) error {
	return Run(p, name, func() (string, error) { return "", f() })
}

// Runner runs f as a phase of progress.
type Runner func(name string, f func() (text string, err error)) error

// Timed is a part of `up` and the time that it took.
type Timed struct {
	Name    string        `json:"name"`
	Elapsed time.Duration `json:"elapsed_ns"`
}

// Silent is the Progress of who has nobody to tell.
func Silent() Reporter { return silent{} }

type silent struct{}

func (silent) Begin(string)       {}
func (silent) Detail(string)      {}
func (silent) Bytes(int64, int64) {}
func (silent) End(string, string) {}
func (silent) Say(string)         {}
func (silent) Show(string)        {}
func (silent) Note(string)        {}
func (silent) Warn(string)        {}
