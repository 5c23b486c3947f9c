package main

import (
	"context"
	"os"
	"runtime"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/platforms"
)

// laptop is what planning needs to know of this computer. Nothing here
// starts a program or asks the network, so that `plan` and `validate` are
// as quick as reading the file; doctor and up ask for versions as well.
func (p *program) laptop(ctx context.Context) (plan.Laptop, error) {
	facts, err := p.facts(ctx, false)
	return asLaptop(facts), err
}

func asLaptop(facts platforms.Facts) plan.Laptop {
	l := plan.Laptop{
		Architecture: facts.Arch, CPUs: runtime.NumCPU(), Routes: facts.Networks, Proxy: hcl.Proxy(facts.Proxy),
		GuestPath: func(path string) (string, error) { return platforms.GuestPath(runtime.GOOS, path) },
		IsDir:     func(path string) bool { info, err := os.Stat(path); return err == nil && info.IsDir() },
		IsFile:    func(path string) bool { info, err := os.Stat(path); return err == nil && info.Mode().IsRegular() },
	}
	// Without any provider the plan says so itself.
	if choice, err := platforms.Choose(facts); err == nil {
		l.Provider, l.ProviderReason = choice.Provider, choice.Why()
	}
	return l
}

// facts are read anew each time: they change while people install things.
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
