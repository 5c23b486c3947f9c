package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/platforms"
)

// preflight makes the checks of doctor before anything is fetched or made.
// A machine that was made has passed them, and is left to its provider.
func (p *Project) preflight(ctx context.Context, m plan.Machine) error {
	if p.Facts == nil || madeWith(p.State, m.Name) != "" {
		return runnable(m)
	}
	p.Progress.Begin("this computer")
	facts, err := p.Facts(ctx)
	if err != nil {
		p.Progress.End("fail", "")
		return err
	}
	d := platforms.Diagnose(facts, wanted(m, m.Provider))
	if err := impossible(m, d); err != nil {
		p.Progress.End("fail", "")
		return err
	}
	p.Progress.End("ok", d.Provider)
	for _, c := range d.Warnings() {
		p.Progress.Warn(c.Name + ": " + c.Seen + "; " + c.Why)
	}
	return nil
}

// impossible is the error of a diagnosis with failures. A failure of Vagrant
// alone is told by the package that talks to it, in more words.
func impossible(m plan.Machine, d platforms.Diagnosis) error {
	failures := d.Failures()
	if len(failures) == 0 || (len(failures) == 1 && failures[0].Name == "vagrant") {
		return nil
	}
	lines := make([]string, len(failures))
	var hints []string
	for i, c := range failures {
		lines[i] = c.Name + ": " + c.Seen
		if !c.Fix.None() {
			hints = append(hints, c.Fix.String())
		}
	}
	hints = append(hints, "`fbdock doctor` says more")
	return &Error{
		Err:  fmt.Errorf("this computer cannot run machine %s: %w", m.Name, errors.New(strings.Join(lines, "; "))),
		Next: strings.Join(hints, "; "), Code: ExitImpossible,
	}
}
