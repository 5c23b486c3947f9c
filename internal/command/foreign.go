package command

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/remoteimage"
)

// foreignTimeout bounds what a registry is asked after a command has failed.
const foreignTimeout = 5 * time.Second

// explainForeign says, after a docker command that did not get its image, that
// the image is one of FreeBSD. docker's own words are "no matching manifest for
// linux/amd64", or that the operating system is not supported.
func (r Runner) explainForeign(ctx context.Context, args []string, status int) {
	line := dockerflags.ParseLine(args[1:])
	started := line.Is("run", "create") && status == failure.ExitLink // docker's own failure, not the container's
	if named := line.Args(); !started && !line.Is("pull") || len(named) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, foreignTimeout)
	defer cancel()
	image, err := remoteimage.Read(ctx, line.Args()[0].Text, nil)
	of := func(system string) bool {
		return slices.ContainsFunc(image.Platforms, func(p remoteimage.Platform) bool { return p.OS == system })
	}
	if err != nil || of("linux") || !of("freebsd") {
		return
	}
	hint := "run it by `fbdock podman run " + image.Name + "`"
	if !r.Plan.Podman {
		hint = "add `podman {}` to the machine in fbdock.hcl, run `fbdock up`, and " + hint
	}
	r.Progress.Warn(fmt.Sprintf("%s is an image of FreeBSD, and the engine runs Linux: %s", image.Name, hint))
}
