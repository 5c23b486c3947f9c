package app

import (
	"context"

	"github.com/fbdock/fbdock/internal/command"
	"github.com/fbdock/fbdock/internal/project"
)

// Exec runs a command in one of the guests, and a docker command by the CLI
// that is chosen for it. It gives the command's own exit status; with an error
// there is none, and the error's status is failure.ExitLink.
func Exec(ctx context.Context, p *project.Project, name string, e command.Exec) (int, error) {
	m, err := p.Machine(name)
	if err != nil {
		return 0, command.NotRun(err)
	}
	r := command.Runner{Machine: p.On(m), Start: p.Options.Dir, Machines: p.Plan.Machines, IsDir: p.HostFacts.IsDir, Vagrant: p.Vagrant()}
	return r.Run(ctx, e)
}
