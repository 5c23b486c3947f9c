package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/images"
)

// commandGroup is a command that only has commands below it.
func commandGroup(name, summary string, commands ...*cli.Command) *cli.Command {
	return &cli.Command{Name: name, Usage: summary, Subcommands: commands}
}

func boxCommand(p *program) *cli.Command {
	return commandGroup("box", "Make Vagrant boxes of FreeBSD and Alpine", &cli.Command{
		Name: "build", Usage: "Make a box of an official cloud image and add it to Vagrant",
		Flags: append(commonFlags(), jsonFlag(),
			&cli.StringSliceFlag{
				Name:  "provider",
				Usage: "make it for `PROVIDER`: libvirt, qemu, hyperv, virtualbox, vmware_desktop, utm or all; may be repeated (default: libvirt)",
			},
			&cli.StringFlag{Name: "system", Usage: "make it of `SYSTEM`: freebsd or alpine (default: freebsd)"},
			&cli.StringFlag{Name: "release", Usage: "use this `RELEASE` of the system, or the newest snapshot of a branch of FreeBSD, as 15-STABLE or 16.0-CURRENT (default: 15.1 of FreeBSD, 3.24 of Alpine)"},
			&cli.StringFlag{Name: "arch", Usage: "make it for `ARCH`: amd64 or arm64 (default: this host's)"},
			&cli.StringFlag{Name: "root", Usage: "use this root `FILESYSTEM` of FreeBSD: zfs or ufs (default: zfs)"},
			&cli.StringFlag{Name: "flavor", Usage: "use this `FLAVOR` of FreeBSD's images: basic-cloudinit alone; basic-ci has no cloud-init"},
			&cli.StringFlag{Name: "mirror", Usage: "take images and their digests from `URL` in place of https://download.freebsd.org or https://dl-cdn.alpinelinux.org/alpine"},
			yesFlag("do not ask before using an image that is not its publisher's"),
		),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			ctx, stop := interruptible(c.Context)
			defer stop()
			results, err := buildBoxes(ctx, p, c)
			if err != nil && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil {
				return err
			}
			return showBoxes(p, c, results)
		},
	})
}

// showBoxes prints a line, or an object of JSON, for each box.
func showBoxes(p *program, c *cli.Context, results []images.BoxResult) error {
	for _, r := range results {
		if isSet(c, flagJSON) {
			if err := p.terminal(c).JSON(r); err != nil {
				return err
			}
			continue
		}
		if !r.Changed {
			p.terminal(c).Say(fmt.Sprintf("Vagrant has the box for %s already, nothing to do", r.Format))
		}
		if _, err := fmt.Fprintln(p.stdout, r.Name, r.Version); err != nil {
			return err
		}
	}
	return nil
}

func buildBoxes(ctx context.Context, p *program, c *cli.Context) ([]images.BoxResult, error) {
	providers := c.StringSlice("provider")
	if len(providers) == 0 {
		providers = []string{"libvirt"}
	}
	o, err := p.options(c)
	if err != nil {
		return nil, err
	}
	lock, err := o.FindLock(ctx)
	if err != nil {
		return nil, err
	}
	if lock == nil {
		p.terminal(c).Say("there is no " + hcl.FileName + " here, so no lock file pins the image")
	}
	return images.BuildBoxes(ctx, o.Maker(), lock, images.BoxOptions{
		Providers: providers, System: c.String("system"), Release: strings.TrimSuffix(c.String("release"), "-RELEASE"), Architecture: c.String("arch"),
		Filesystem: c.String("root"), Flavor: c.String("flavor"), Mirror: c.String("mirror"),
	})
}
