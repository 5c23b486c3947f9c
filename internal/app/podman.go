package app

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
)

// ProgramPodman is the program of Exec that runs containers of FreeBSD itself.
const ProgramPodman = "podman"

// execPodman runs a podman command in the FreeBSD guest, as root: podman has
// no containers of other users on FreeBSD.
func (p *Project) execPodman(ctx context.Context, m plan.Machine, e Exec) (int, error) {
	line := dockerflags.ParsePodman(e.Args[1:])
	if err := p.podmanUsable(m, line); err != nil {
		return 0, err
	}
	at, err := p.podmanPlaced(m, line, e.Args[1:])
	if err != nil {
		return 0, err
	}
	g, err := p.on(m).Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer g.Close() // the command's own error says more
	if err := p.haveAgent(ctx, g, at); err != nil {
		return 0, err
	}
	if e, err = at.fit(ctx, g, e); err != nil {
		return 0, err
	}
	end := p.watchPorts(ctx, g.Agent, e.Args)
	defer end()
	// All of it is root's: sudo keeps the folder, and not the environment.
	e.Args, e.script = g.AsRoot("sh", "-c", "PATH=$PATH:/usr/local/sbin:/usr/local/bin; export PATH; "+e.script), ""
	e.Streams = e.Streams.forDocker(line)
	return at.cargo.run(ctx, g, e, func(e Exec) (int, error) { return relay(ctx, g.Client, e) })
}

// hasPodman refuses a machine without podman.
func hasPodman(m plan.Machine) error {
	if m.Podman {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("machine %s has no podman", m.Name),
		Next: "add `podman {}` to the machine in fbdock.hcl and run `fbdock up`",
	}
}

// podmanUsable refuses what the machine cannot do, and warns of Linux images.
func (p *Project) podmanUsable(m plan.Machine, line dockerflags.Line) error {
	if err := hasPodman(m); err != nil {
		return err
	}
	if flag := line.Connection(); flag != "" {
		return &failure.Error{
			Err:  fmt.Errorf("podman's flag %s names another service, and fbdock podman uses the one of machine %s", flag, m.Name),
			Next: "leave it out, or name another machine by `fbdock -m NAME podman`",
		}
	}
	for _, v := range line.Values {
		if v.Flag == "os" && strings.EqualFold(v.Text, "linux") || v.Flag == "platform" && strings.HasPrefix(strings.ToLower(v.Text), "linux") {
			p.Progress.Warn("Linux images run under podman by FreeBSD's Linux emulation, which has no systemd and no cgroups: " +
				"`fbdock docker` runs them on a Linux kernel")
			break
		}
	}
	return nil
}

// podmanPlaced fits a podman command line to the guest, as inMounts does for docker.
func (p *Project) podmanPlaced(m plan.Machine, line dockerflags.Line, args []string) (*placed, error) {
	dir, err := p.workDir()
	if err != nil {
		return nil, err
	}
	at := &placed{folders: mountFolders(m)}
	host := p.pathsOf(m, dir)
	host.Socket = "" // Docker's, which FreeBSD does not have
	at.dir, _ = dockerpaths.GuestDir(runtime.GOOS, dir, at.folders)
	args, at.used, err = dockerpaths.ResolvePodman(args, at.folders, host, at.dir)
	if outside, ok := errors.AsType[*dockerpaths.OutsideError](err); ok {
		return nil, &failure.Error{Err: err, Next: outside.MountHint()}
	}
	if err != nil {
		return nil, err
	}
	if at.dir != "" && line.Is("build") {
		at.used = append(at.used, at.around())
	}
	at.cargo = newCargo(args, host, p.Private(p.State))
	at.cargo.program = ProgramPodman
	at.args = append([]string{ProgramPodman}, args...)
	return at, at.cargo.environment(p.podmanVariables(line))
}

// podmanVariables are those of this host's environment that the command line names.
func (p *Project) podmanVariables(line dockerflags.Line) handover {
	h := handover{set: map[string]string{}}
	for _, name := range line.Variables() {
		p.ask(&h, name)
	}
	slices.Sort(h.unset)
	h.unset = slices.Compact(h.unset)
	return h
}
