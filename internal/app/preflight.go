package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/platforms"
)

// preflight makes the checks of doctor before anything is fetched or made.
// A machine that was made has passed them, and is left to its provider.
func (p *Project) preflight(ctx context.Context, m plan.Machine) error {
	if p.Facts == nil || madeWith(p.State, m.Name) != "" {
		return runnable(m)
	}
	var d platforms.Diagnosis
	err := phase(p.Progress, "this computer", func() (string, error) {
		facts, err := p.Facts(ctx)
		if err != nil {
			return "", err
		}
		d = platforms.Diagnose(facts, wanted(m, m.Provider))
		return d.Provider, impossible(m, d)
	})
	if err != nil {
		return err
	}
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
	return &failure.Error{
		Err:  fmt.Errorf("this computer cannot run machine %s: %w", m.Name, errors.New(strings.Join(lines, "; "))),
		Next: strings.Join(hints, "; "), Code: failure.ExitImpossible,
	}
}
