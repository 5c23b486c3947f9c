package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/commanddocs"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/platforms"
)

// options collects what every use case needs from the command line and from
// this computer.
func (p *program) options(c *cli.Context) (project.Options, error) {
	facts, err := p.facts(c.Context, false)
	if err != nil {
		return project.Options{}, err
	}
	return p.optionsOn(c, project.HostOf(facts))
}

// optionsOn is options for a host that is known.
func (p *program) optionsOn(c *cli.Context, facts plan.Host) (project.Options, error) {
	vars, err := variables(c)
	if err != nil {
		return project.Options{}, err
	}
	published, err := boxes.Default()
	if err != nil {
		return project.Options{}, err
	}
	o := project.Options{
		Env: host.Env{Environ: p.environ, Version: p.version, CacheDir: p.cacheDir(), OS: p.sources().OS, Progress: p.terminal(c)},
		Dir: folder(c), Vars: vars, VarFiles: texts(c, flagVarFile),
		Facts: p.asked, HostFacts: facts, Catalogue: images.Catalogue{Catalogue: published},
	}
	o.Confirm = func(question string) (bool, error) { return confirm(p, c, question) }
	if p.tune != nil {
		p.tune(&o)
	}
	o.HostFacts.NoProvider = !commanddocs.All()[p.command].Provider
	return o, nil
}

// folder is where the search for the configuration begins.
func folder(c *cli.Context) string {
	if dir := text(c, flagDir); dir != "" {
		return dir
	}
	return "."
}

// load is the project, with its diagnostics told where they belong.
func (p *program) load(c *cli.Context) (*project.Project, error) {
	o, err := p.options(c)
	if err != nil {
		return nil, err
	}
	return p.loadBy(c, o)
}

// loadApplied is load for commands on machines as they were made.
func (p *program) loadApplied(c *cli.Context) (*project.Project, error) {
	o, err := p.options(c)
	if err != nil {
		return nil, err
	}
	o.Applied = true
	return p.loadBy(c, o)
}

// loadDestroying is loadApplied for a command that removes machines.
func (p *program) loadDestroying(c *cli.Context) (*project.Project, error) {
	o, err := p.options(c)
	if err != nil {
		return nil, err
	}
	o.Applied, o.Destroys = true, true
	return p.loadBy(c, o)
}

// loadStarting is load for commands that start machines.
func (p *program) loadStarting(c *cli.Context) (*project.Project, error) {
	o, err := p.options(c)
	if err != nil {
		return nil, err
	}
	o.Asks, o.AllowReach = true, c.Bool(flagAllowReach)
	return p.loadBy(c, o)
}

// loadRunning is load for commands to machines that run.
func (p *program) loadRunning(c *cli.Context) (*project.Project, error) {
	o, err := p.optionsOn(c, project.RunningHost(platforms.Quick(p.sources()), func() (platforms.Facts, error) {
		return p.facts(c.Context, false)
	}))
	if err != nil {
		return nil, err
	}
	o.Applied = true
	return p.loadBy(c, o)
}

func (p *program) loadBy(c *cli.Context, o project.Options) (*project.Project, error) {
	loaded, err := project.Load(c.Context, o)
	if err != nil {
		return nil, err
	}
	if err := p.tell(c, loaded); err != nil {
		return nil, err
	}
	return loaded.Project, nil
}

// tell writes the diagnostics; errors among them become the command's error.
func (p *program) tell(c *cli.Context, loaded project.Loaded) error {
	if len(loaded.Diagnostics) == 0 {
		return nil
	}
	t := p.terminal(c)
	if loaded.Project != nil && isSet(c, flagQuiet) {
		return nil
	}
	var err error
	if isSet(c, flagJSON) {
		err = hcl.WriteJSON(p.stderr, loaded.Diagnostics, loaded.Sources)
	} else {
		err = hcl.Write(p.stderr, loaded.Diagnostics, loaded.Sources, hcl.WriteOptions{Color: t.Color()})
	}
	if loaded.Project == nil {
		err = errors.Join(err, loaded.Diagnostics.Err())
		return &toldError{&failure.Error{Err: err, Code: failure.ExitUsage}}
	}
	return err
}

// cacheDir is where downloads are kept, by the custom of the system.
func (p *program) cacheDir() string {
	if dir, ok := p.lookup("FBDOCK_CACHE_DIR"); ok && dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return filepath.Join(os.TempDir(), fmt.Sprintf("fbdock-cache-%d", os.Getuid()))
	}
	return filepath.Join(dir, "fbdock")
}
