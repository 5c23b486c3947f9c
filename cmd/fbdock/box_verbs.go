package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

// group is a verb that only has verbs below it.
func (p *program) group(name, usageText string, verbs ...*cli.Command) *cli.Command {
	refuse := func(_ *cli.Context, err error, _ bool) error { return usage(err) }
	for _, v := range verbs {
		v.OnUsageError, v.HideHelpCommand = refuse, true
	}
	return &cli.Command{
		Name: name, Usage: usageText, Subcommands: verbs, HideHelpCommand: true,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return usage(fmt.Errorf("%s has no verb %q", name, c.Args().First()))
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
}

func (p *program) boxCommand() *cli.Command {
	return p.group("box", "Vagrant boxes of FreeBSD that fbdock makes itself", &cli.Command{
		Name: "build", Usage: "make a box of FreeBSD's official cloud image and add it to Vagrant",
		Flags: append(commonFlags(), jsonFlag(),
			&cli.StringFlag{Name: "provider", Value: "libvirt", Usage: "`PROVIDER`: libvirt, qemu or hyperv"},
			&cli.StringFlag{Name: "release", Usage: "`RELEASE` of FreeBSD (default: 15.1)"},
			&cli.StringFlag{Name: "arch", Usage: "amd64 or arm64 (default: this computer's)"},
			&cli.StringFlag{Name: "root", Usage: "root file system: zfs or ufs (default: zfs)"},
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
