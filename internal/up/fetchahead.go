package up

import (
	"context"

	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/project"
)

// FetchAhead fetches what machines of Vagrant will be made of and is not there,
// several files at the same time. One file alone is left to the machine that
// needs it, and so are those of a computer of the user's own, whose settings are
// agreed to first.
func FetchAhead(ctx context.Context, p *project.Project, machines []plan.Machine) error {
	var files []images.Download
	var first *plan.Machine
	for _, m := range machines {
		if m.OwnComputer() {
			continue
		}
		wanted, err := downloads(ctx, p, m)
		if err != nil {
			return err
		}
		if len(wanted) > 0 && first == nil {
			first = &m
		}
		files = append(files, wanted...)
	}
	missing := images.Missing(p.Cache(), files)
	if len(missing) < 2 {
		return nil
	}
	// A Vagrant that cannot make them is found before anything is fetched.
	phase := func(name string, f func() (string, error)) error { return progress.Run(p.Progress, name, f) }
	if err := p.System(*first).Check(ctx, phase); err != nil {
		return err
	}
	err := images.Ahead(ctx, p.Env, p.Cache(), p.Lock, missing)
	images.UsePins(&p.Plan, p.Lock)
	return err
}

// downloads are the files of one machine. What it is given of this host is read
// first: a script that is missing costs no download.
func downloads(ctx context.Context, p *project.Project, m plan.Machine) (files []images.Download, err error) {
	if _, err := p.Content(ctx, m); err != nil {
		return nil, err
	}
	if f, ok := images.EngineDownload(p.EngineImage(m)); ok {
		files = append(files, f)
	}
	if machine.MadeWith(p.State, m.Name) != "" || m.Box.File != "" {
		return files, nil
	}
	f, ok, err := images.BoxDownload(p.Maker(), p.Lock, m)
	if err == nil && ok {
		files = append(files, f)
	}
	return files, err
}
