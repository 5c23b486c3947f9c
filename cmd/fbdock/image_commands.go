package main

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/project"
)

func imageCommand(p *program) *cli.Command {
	return commandGroup("image", "Fetch, list and remove engine images", imagePull(p), imageList(p), imagePrune(p))
}

func imagePull(p *program) *cli.Command {
	return &cli.Command{
		Name: "pull", Usage: "Fetch the engine images of the project and pin them in fbdock.lock.hcl",
		Flags: append(commonFlags(), jsonFlag(),
			&cli.BoolFlag{Name: "upgrade", Usage: "pin what the catalogue names now instead of what was pinned"},
			yesFlag("do not ask before using an image that is not its publisher's"),
		),
		Action: onPresent(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			pulled, err := app.ImagePull(ctx, project, c.Bool("upgrade"))
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(pulled)
			}
			var rows [][]string
			for _, i := range pulled {
				rows = append(rows, []string{i.Name, i.Architecture, i.File})
			}
			return p.terminal(c).Table([]string{"NAME", "ARCH", "FILE"}, rows)
		}),
	}
}

func imageList(p *program) *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "List the files in the image cache", Flags: append(commonFlags(), jsonFlag()),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			images, err := cachedImages(p, c)
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(images)
			}
			var rows [][]string
			for _, i := range images {
				rows = append(rows, []string{imageShown(i), i.Architecture, hcl.Size(i.Size).String(), digestShown(i), usedBy(i)})
			}
			return p.terminal(c).Table([]string{"IMAGE", "ARCH", "SIZE", "SHA512", "USED"}, rows)
		},
	}
}

// cachedImages lists the cache, from the project's point of view where there
// is one.
func cachedImages(p *program, c *cli.Context) ([]app.CachedImage, error) {
	o, err := p.options(c)
	if err != nil {
		return nil, err
	}
	lock, err := o.FindLock(c.Context)
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return app.Images(o, nil, nil)
	}
	project, err := p.load(c)
	if err != nil {
		return nil, err
	}
	return app.ImagesOf(project)
}

// imageShown is what a file was fetched as, as far as that is known.
func imageShown(i app.CachedImage) string {
	if i.Name != "" {
		return i.Name
	}
	return path.Base(i.File)[:min(40, len(path.Base(i.File)))]
}

func digestShown(i app.CachedImage) string {
	switch {
	case i.Partial:
		return "partial"
	case i.SHA512 == "":
		return "unverified"
	}
	return i.SHA512[:16]
}

func usedBy(i app.CachedImage) string {
	switch {
	case i.Pin != "":
		return i.Pin
	case i.Used:
		return "yes"
	}
	return ""
}

func imagePrune(p *program) *cli.Command {
	return &cli.Command{
		Name: "prune", Usage: "Remove the files in the image cache that this project does not use",
		Flags: append(commonFlags(), yesFlag("do not ask")),
		Action: onPresent(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			images, err := app.ImagesOf(project)
			if err != nil {
				return err
			}
			var unused []app.CachedImage
			total, t := int64(0), p.terminal(c)
			for _, i := range images {
				if !i.Used {
					unused = append(unused, i)
					total += i.Size
					t.Say(fmt.Sprintf("%s, %s", imageShown(i), hcl.Size(i.Size)))
				}
			}
			if len(unused) == 0 {
				t.Say("the image cache holds nothing that this project does not use")
				return nil
			}
			question := fmt.Sprintf("remove these %d files, %s in all? Other projects that use them fetch them anew.", len(unused), hcl.Size(total))
			if yes, err := confirm(p, c, question); err != nil {
				return err
			} else if !yes {
				return errors.New("nothing was removed")
			}
			return app.ImagePrune(ctx, project.Options, unused)
		}),
	}
}
