package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/vagrantvm"
)

// dataOf is who knows where docker's data of m is kept.
func dataOf(p *project.Project, m plan.Machine) *vagrantvm.VM {
	return vagrantvm.New(p.On(m), p.Vagrant(), p.Facts)
}

// settleData removes docker's data of a machine that was destroyed, or says where
// it stays.
func settleData(ctx context.Context, p *project.Project, m plan.Machine, remove bool) error {
	v := dataOf(p, m)
	kept := v.KeptData()
	switch {
	case kept == "":
		return nil
	case remove:
		return progress.Step(p.Progress, "remove docker's data of "+m.Name, func() error { return v.RemoveData(ctx) })
	}
	p.Progress.Say(fmt.Sprintf("docker's data stays in %s, and the next engine of %s takes it; `fbdock destroy --data %s` removes it", kept, m.Name, m.Name))
	return nil
}

// dataDisks are the disks of docker's data in the folder of a project.
func dataDisks(d state.Dir) (files []string, err error) {
	entries, err := privatefile.ReadDir(d.DataDisks())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for disks of docker's data: %w", err)
	}
	for _, e := range entries {
		files = append(files, filepath.Join(d.DataDisks(), e.Name()))
	}
	return files, nil
}

// KeepsData refuses to remove the folder of a project that holds disks of docker's
// data, unless they are to be removed.
func KeepsData(p *project.Project, remove bool) error {
	if remove {
		return nil
	}
	disks, err := dataDisks(p.State)
	if err != nil || len(disks) == 0 {
		return err
	}
	return &failure.Error{
		Err:  fmt.Errorf("docker's data is in %s, which --all alone does not remove", shortened(disks)),
		Next: "`fbdock destroy --all --data` removes it too; without --all the machines go and it stays",
	}
}

// fits refuses what the configuration wants of a machine that is made and that no
// `up` brings it to, before anything is stopped or fetched.
func fits(ctx context.Context, p *project.Project, m plan.Machine) error {
	if err := p.CheckMade(m); err != nil {
		return err
	}
	if m.OwnComputer() {
		return nil
	}
	if err := project.CheckEngine(p, m); err != nil {
		return err
	}
	return dataOf(p, m).CheckData(ctx)
}
