package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
)

// ProgramPodman is the program of Exec that runs containers of FreeBSD itself.
const ProgramPodman = "podman"

// execPodman runs a podman command in the FreeBSD guest, as root: podman has
// no containers of other users on FreeBSD.
func (r Runner) execPodman(ctx context.Context, e Exec) (int, error) {
	line := dockerflags.ParsePodman(e.Args[1:])
	if err := r.podmanUsable(line); err != nil {
		return 0, err
	}
	at, err := r.podmanPlaced(e.Args[1:])
	if err != nil {
		return 0, err
	}
	g, err := r.Connect(ctx)
	if err != nil {
		return 0, err
	}
	defer g.Close() // the command's own error says more
	if err := r.haveAgent(ctx, g, at); err != nil {
		return 0, err
	}
	if e, err = at.fit(ctx, g, e); err != nil {
		return 0, err
	}
	end := r.watchPorts(ctx, g.Agent, e.Args)
	defer end()
	// All of it is root's: sudo keeps the folder, and not the environment.
	e.Args, e.script = g.AsRoot("sh", "-c", "PATH=$PATH:/usr/local/sbin:/usr/local/bin; export PATH; "+e.script), ""
	e.Streams = e.Streams.forDocker(line)
	return at.cargo.run(ctx, g, e, func(e Exec) (int, error) { return relay(ctx, g.Client, e) })
}

// podmanUsable refuses what the machine cannot do, and warns of Linux images.
func (r Runner) podmanUsable(line dockerflags.Line) error {
	if err := machine.HasPodman(r.Plan); err != nil {
		return err
	}
	if flag := line.Connection(); flag != "" {
		return &failure.Error{
			Err:  fmt.Errorf("podman's flag %s names another service, and fbdock podman uses the one of machine %s", flag, r.Plan.Name),
			Next: "leave it out, or name another machine by `fbdock -m NAME podman`",
		}
	}
	for _, v := range line.Values {
		if v.Flag == "os" && strings.EqualFold(v.Text, "linux") || v.Flag == "platform" && strings.HasPrefix(strings.ToLower(v.Text), "linux") {
			r.Progress.Warn("Linux images run under podman by FreeBSD's Linux emulation, which has no systemd and no cgroups: " +
				"`fbdock docker` runs them on a Linux kernel")
			break
		}
	}
	return nil
}

// podmanPlaced fits a podman command line to the guest, as inMounts does for docker.
func (r Runner) podmanPlaced(args []string) (*placed, error) {
	dir, err := r.workDir()
	if err != nil {
		return nil, err
	}
	host := r.pathsOf(dir)
	host.Socket = "" // Docker's, which FreeBSD does not have
	line, err := dockerpaths.TranslatePodman(args, mountFolders(r.Plan), host)
	if outside, ok := errors.AsType[*dockerpaths.OutsideError](err); ok {
		return nil, &failure.Error{Err: err, Next: outside.MountHint()}
	}
	if err != nil {
		return nil, err
	}
	at := newPlaced(line, newCargo(line.Args, host, r.Private(r.Project)))
	at.cargo.program = ProgramPodman
	at.args = append([]string{ProgramPodman}, line.Args...)
	h := handover{set: map[string]string{}}
	r.askAll(&h, line.Variables)
	return at, at.cargo.environment(h)
}
