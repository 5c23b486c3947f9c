package main

import (
	"context"
	"runtime"
	"strings"

	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/platforms"
)

// facts of this computer, read anew each time: they change while people
// install things. Without ask no program is started and no network asked,
// so that `plan` and `validate` are as quick as reading the file; doctor and
// up ask for versions as well.
func (p *program) facts(ctx context.Context, ask bool) (platforms.Facts, error) {
	look := func(name string) (string, error) {
		if name == "vagrant" {
			return vagrant.Find(runtime.GOOS)
		}
		return run.LookPath(name)
	}
	sources := platforms.System(look, func(name string) string { value, _ := p.lookup(name); return value })
	if ask {
		sources.Run = p.ask
	}
	return platforms.Read(ctx, sources)
}

// ask runs a program for its words, on whichever stream it says them.
func (p *program) ask(ctx context.Context, name string, args ...string) (string, error) {
	res, err := run.Runner{}.Run(ctx, run.Cmd{Name: name, Args: args, Env: p.environ})
	return strings.TrimSpace(string(res.Stdout) + string(res.Stderr)), err
}
