package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/boxes"
)

func (p *program) boxesCommand() *cli.Command {
	return &cli.Command{
		Name: "boxes", Usage: "the FreeBSD boxes and engine images that fbdock knows", Flags: append(commonFlags(), jsonFlag()),
		Action: func(c *cli.Context) error {
			if err := noArgs(c); err != nil {
				return err
			}
			catalogue, err := boxes.Default()
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(catalogue)
			}
			var rows [][]string
			for _, b := range catalogue.Boxes {
				var providers []string
				for provider := range b.Published {
					providers = append(providers, provider)
				}
				slices.Sort(providers)
				rows = append(rows, []string{b.Name, b.Release, b.Root, strings.Join(providers, " ")})
			}
			for _, i := range catalogue.Images {
				rows = append(rows, []string{i.Name, i.Version, "engine image", ""})
			}
			return p.terminal(c).Table([]string{"NAME", "RELEASE", "ROOT", "PROVIDERS"}, rows)
		},
	}
}
