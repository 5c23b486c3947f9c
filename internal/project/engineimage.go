package project

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
)

// EngineReplacement is an engine beside FreeBSD that has to be made anew for
// another image: the images' names, or their paths.
type EngineReplacement struct {
	Was string `json:"was"`
	Now string `json:"now"`
	// Keeps tells that docker's data stays, on a disk of its own.
	Keeps bool `json:"keeps_data"`
}

// ImageName is what a user calls the image of m's engine.
func ImageName(m plan.Machine) string { return cmp.Or(m.Engine.Image.Path, m.Engine.Image.Name) }

// ReplacesEngine is the replacement that the name of the engine's image takes, nil
// for none. Another file of the same name is known to `up` alone, by its digest.
func ReplacesEngine(p *Project, m plan.Machine) *EngineReplacement {
	if !m.Engine.Sibling() || p.Replaces(m) != nil || machine.MadeWith(p.State, m.EngineName()) == "" {
		return nil
	}
	applied, err := p.State.Machine(m.Name).Applied()
	was := applied.EngineImageName
	if err != nil || was == "" {
		made, err := p.MadeAs(m.Name)
		if err != nil {
			return nil // `up` finds out
		}
		was = ImageName(made)
	}
	if was == ImageName(m) {
		return nil
	}
	return &EngineReplacement{Was: was, Now: ImageName(m), Keeps: m.OwnDisk()}
}

// CheckEngine refuses to replace an engine whose VM has docker's data in it.
func CheckEngine(p *Project, m plan.Machine) error {
	if m.Engine.Image.Path != "" {
		return nil // it may be the same file elsewhere: its digest tells
	}
	if r := ReplacesEngine(p, m); r != nil && !r.Keeps && filepath.Base(r.Was) == r.Was {
		return LostWithEngine(m, r.Was)
	}
	return nil
}

// LostWithEngine is the error of an engine that was made of another image and that
// cannot be replaced without losing docker's data.
func LostWithEngine(m plan.Machine, was string) error {
	keep := fmt.Sprintf("set image = %q in the engine block of %s to keep it; or ", was, hcl.FileName)
	if was == "" || was == ImageName(m) {
		was, keep = "another file", ""
	}
	return &failure.Error{
		Err: fmt.Errorf("machine %[1]s: its engine was made of %[2]s and would be of %[3]s now, which takes a new VM; with %[4]s docker's data is in the VM's root disk: "+
			"all images, containers and volumes would be lost", m.Name, was, ImageName(m), m.Provider),
		Next: keep + fmt.Sprintf("save what you need (`fbdock docker save`, and for each volume `fbdock docker run --rm -v VOLUME:/v:ro alpine tar c -C /v . >VOLUME.tar`), "+
			"then `fbdock destroy %s` and `fbdock up`", m.Name),
		Code: failure.ExitImpossible,
	}
}
