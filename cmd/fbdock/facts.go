package main

import (
	"cmp"
	"context"
	"runtime"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/vagrant"
	"github.com/fbdock/fbdock/platforms"
)

// askFor bounds the questions to other programs.
const askFor = 5 * time.Second

// facts of this computer, read anew each time: they change while people
// install things. Without ask no program is started and no network asked,
// so that `plan` and `validate` are as quick as reading the file; doctor and
// up ask for versions as well.
func (p *program) facts(ctx context.Context, ask bool) (platforms.Facts, error) {
	sources := p.sources()
	if ask {
		sources.Run = p.ask
	}
	return platforms.Read(ctx, sources)
}

func (p *program) sources() platforms.Sources {
	look := func(name string) (string, error) {
		if name == "vagrant" {
			return vagrant.Find(runtime.GOOS)
		}
		return run.LookPath(name)
	}
	return platforms.System(look, func(name string) string { value, _ := p.lookup(name); return value })
}

// asked are the facts with what other programs say, as far as they say it in
// time: what waits for one that hangs tells nothing.
func (p *program) asked(ctx context.Context) (platforms.Facts, error) {
	timed, cancel := context.WithTimeout(ctx, cmp.Or(p.askFor, askFor))
	defer cancel()
	facts, err := p.facts(timed, true)
	if ctx.Err() != nil {
		return facts, context.Cause(ctx)
	} else if err != nil {
		facts.Unread = append(facts.Unread, "some programs gave no answer in time")
	}
	return facts, nil
}

// ask runs a program for its words, on whichever stream it says them.
func (p *program) ask(ctx context.Context, name string, args ...string) (string, error) {
	res, err := run.Runner{Grace: time.Second}.Run(ctx, run.Cmd{Name: name, Args: args, Env: p.environ})
	return strings.TrimSpace(string(res.Stdout) + string(res.Stderr)), err
}
