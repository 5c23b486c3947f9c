package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

// group is a command that only has commands below it.
func (p *program) group(name, summary string, commands ...*cli.Command) *cli.Command {
	return &cli.Command{Name: name, Usage: summary, Subcommands: commands}
}

func (p *program) boxCommand() *cli.Command {
	return p.group("box", "Make Vagrant boxes of FreeBSD", &cli.Command{
		Name: "build", Usage: "Make a box of FreeBSD's official cloud image and add it to Vagrant",
		Flags: append(commonFlags(), jsonFlag(),
			&cli.StringFlag{Name: "provider", Value: "libvirt", Usage: "make it for `PROVIDER`: libvirt, qemu or hyperv"},
			&cli.StringFlag{Name: "release", Usage: "use this `RELEASE` of FreeBSD (default: 15.1)"},
			&cli.StringFlag{Name: "arch", Usage: "make it for `ARCH`: amd64 or arm64 (default: this host's)"},
			&cli.StringFlag{Name: "root", Usage: "use this root `FILESYSTEM`: zfs or ufs (default: zfs)"},
			&cli.StringFlag{Name: "mirror", Usage: "take images and their digests from `URL` instead of download.freebsd.org"},
			yesFlag("do not ask before using an image that is not its publisher's"),
		),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			ctx, stop := interruptible(c.Context)
			defer stop()
			result, err := p.buildBox(ctx, c)
			if err != nil && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(result)
			}
			if !result.Changed {
				p.terminal(c).Say("Vagrant has the box already, nothing to do")
			}
			_, err = fmt.Fprintln(p.stdout, result.Name, result.Version)
			return err
		},
	})
}

func (p *program) buildBox(ctx context.Context, c *cli.Context) (app.BoxResult, error) {
	o, err := p.options(c)
	if err != nil {
		return app.BoxResult{}, err
	}
	lock, err := o.FindLock(ctx)
	if err != nil {
		return app.BoxResult{}, err
	}
	if lock == nil {
		p.terminal(c).Say("there is no " + app.ConfigName + " here, so no lock file pins the image")
	}
	return app.BuildBox(ctx, o, lock, app.BoxOptions{
		Provider: c.String("provider"), Release: c.String("release"), Architecture: c.String("arch"),
		Filesystem: c.String("root"), Mirror: c.String("mirror"),
	})
}
