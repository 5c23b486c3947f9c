package vagrantvm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/platforms"
)

// fit makes the checks of doctor before anything is fetched or made.
// A machine that was made has passed them, and is left to its provider.
func (v *VM) fit(ctx context.Context) error {
	if v.facts == nil || machine.MadeWith(v.Project, v.Plan.Name) != "" {
		return runnable(v.Plan)
	}
	var d platforms.Diagnosis
	err := progress.Run(v.Progress, "this computer", func() (string, error) {
		facts, err := v.facts(ctx)
		if err != nil {
			return "", err
		}
		d = platforms.Diagnose(facts, Wanted(v.Plan, v.Plan.Provider))
		return d.Provider, impossible(v.Plan, d)
	})
	if err != nil {
		return err
	}
	for _, c := range d.Warnings() {
		v.Progress.Warn(c.Name + ": " + c.Seen + "; " + c.Why)
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

// runnable refuses what no provider here can run, before anything is fetched.
func runnable(m plan.Machine) error {
	if m.Provider != "" {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("machine %s: nothing that can run the FreeBSD guest was found on this computer", m.Name),
		Next: "install a provider, such as libvirt on Linux, or name one in " + hcl.FileName, Code: failure.ExitImpossible,
	}
}

// Wanted is what a machine wants of this host, by a provider.
func Wanted(m plan.Machine, provider string) platforms.Wanted {
	memory := m.Memory
	if m.OwnComputer() {
		memory = m.Engine.Memory // no VM beside it
	}
	if m.Engine.Sibling() {
		memory += m.Engine.Memory
	}
	return platforms.Wanted{
		Provider: provider, Hypervisor: m.Engine.Hypervisor, Placement: m.Engine.Placement, PlacementReason: m.Engine.PlacementReason,
		ForeignBox: m.Box.Name != "" && !m.Box.Own && m.Box.File == "", Memory: uint64(memory), Network: m.Engine.Network,
	}
}
