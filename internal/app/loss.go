package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/fbdock/fbdock/internal/external"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"

	osuser "os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/plan"
)

// listed bounds the names that a question has.
const listed = 8

// about says which machine a command is about, whose it is and how old, as
// others of the same name may be near.
func about(p *project.Project, m plan.Machine) string {
	text := fmt.Sprintf("%s of %s", m.Name, p.Dir)
	var more []string
	if u, err := osuser.Current(); err == nil {
		more = append(more, "user "+u.Username)
	}
	if made, ok := made(p, m); ok {
		more = append(more, "made "+age(made))
	}
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return text
}

// made is when the VM of m was made, or when the last `up` of it came to its
// end.
func made(p *project.Project, m plan.Machine) (time.Time, bool) {
	if provider := machine.MadeWith(p.State, m.Name); provider != "" {
		info, err := os.Stat(filepath.Join(p.State.VagrantDotfiles(), "machines", m.Name, provider, "id"))
		if err == nil {
			return info.ModTime(), true
		}
	}
	applied, err := p.State.Machine(m.Name).Applied()
	return applied.Time, err == nil && !applied.Time.IsZero()
}

// contents asks the engine of m for what it holds, without waiting long: the
// question that needs it is asked either way.
func contents(ctx context.Context, p *project.Project, m plan.Machine) (engine.Contents, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*machine.QuickDial)
	defer cancel()
	if !host.Exists(p.State.Machine(m.Name).SSHConfig()) {
		return engine.Contents{}, errors.New("it is not running")
	}
	over, err := nearEngine(ctx, p.On(m))
	if err != nil {
		return engine.Contents{}, err
	}
	defer over.Close() // only asked
	client, err := p.On(m).DockerOver(over)
	if err != nil {
		return engine.Contents{}, err
	}
	defer client.Close() // only asked
	return client.Contents(ctx)
}

// nearEngine is a login whose server reaches the engine: that of FreeBSD, or of an
// engine beside it.
func nearEngine(ctx context.Context, m machine.Machine) (*link.Client, error) {
	if m.Plan.Engine.Sibling() {
		return m.Sibling().Cached(ctx, machine.QuickDial)
	}
	g, err := m.Cached(ctx, machine.QuickDial)
	if err != nil {
		return nil, err
	}
	return g.Client, nil
}

// Loss says what is lost with a machine, whose data goes with it where data says
// so.
func Loss(ctx context.Context, p *project.Project, m plan.Machine, data bool) string {
	what := "machine " + about(p, m)
	if m.OwnComputer() {
		what = "all that fbdock has made on " + external.Where(m) + ": the engine " + about(p, m)
	}
	kept := ""
	if !m.OwnComputer() {
		kept = dataOf(p, m).KeptData()
	}
	switch {
	case !machine.Created(p.State, m) && kept != "" && data:
		return what + ", which is not created, and docker's data in " + kept + " with all images, containers and volumes"
	case !machine.Created(p.State, m):
		return what + ", which is not created"
	case kept != "" && !data:
		return what + ", whose images, containers and volumes stay in " + kept
	}
	c, err := contents(ctx, p, m)
	if err != nil {
		return what + " with all its containers, images and volumes, which do not answer now"
	}
	return fmt.Sprintf("%s with %s, %s, %s and %s", what, counted(len(c.Running), "running container", c.Running),
		counted(len(c.Stopped), "stopped container", c.Stopped), counted(c.Images, "image", nil), counted(len(c.Volumes), "volume", c.Volumes))
}

// Replacement is a machine that only a new one takes the place of, and what is
// lost with it.
type Replacement struct {
	project.Replacement
	Lost string `json:"lost"`
}

// Replacements are those that the configuration takes, by the names of the
// machines; the engines that run are asked for what they hold.
func Replacements(ctx context.Context, p *project.Project) map[string]Replacement {
	all := map[string]Replacement{}
	for _, m := range p.Plan.Machines {
		if r := p.Replaces(m); r != nil {
			was, err := p.MadeAs(m.Name)
			if err != nil {
				was = m // its name is what the question takes
			}
			all[m.Name] = Replacement{*r, Loss(ctx, p, was, false)}
		}
	}
	return all
}

// EngineReplacements are the engine VMs that the configuration has made anew, by the
// names of the machines.
func EngineReplacements(p *project.Project) map[string]project.EngineReplacement {
	all := map[string]project.EngineReplacement{}
	for _, m := range p.Plan.Machines {
		if r := project.ReplacesEngine(p, m); r != nil {
			all[m.Name] = *r
		}
	}
	return all
}

// sayDown tells what stops with a machine.
func sayDown(ctx context.Context, p *project.Project, m plan.Machine, word string) {
	text := word + " " + about(p, m)
	if c, err := contents(ctx, p, m); err == nil && len(c.Running) > 0 {
		text += " with " + counted(len(c.Running), "running container", c.Running)
	}
	p.Progress.Say(text)
}

// counted is a number of things, with their names where there are any.
func counted(n int, noun string, names []string) string {
	text := fmt.Sprintf("%d %s", n, noun)
	if n != 1 {
		text += "s"
	}
	if len(names) > 0 {
		text += " (" + shortened(names) + ")"
	}
	return text
}

func shortened(names []string) string {
	if len(names) > listed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:listed], ", "), len(names)-listed)
	}
	return strings.Join(names, ", ")
}
