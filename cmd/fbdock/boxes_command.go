package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/boxes"
)

func boxesCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "boxes", Usage: "List the FreeBSD boxes and engine images that fbdock knows", Flags: append(commonFlags(), jsonFlag()),
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
				rows = append(rows, []string{b.Name, strings.Join(b.Aliases, " "), b.Release, b.Root, published(b)})
			}
			for _, i := range catalogue.Images {
				rows = append(rows, []string{i.Name, "", i.Version, "engine image", ""})
			}
			return p.terminal(c).Table([]string{"NAME", "ALIASES", "RELEASE", "ROOT", "PROVIDERS"}, rows)
		},
	}
}

// published lists providers, with their architectures where these are not
// only amd64.
func published(b boxes.Entry) string {
	var words []string
	for _, provider := range slices.Sorted(maps.Keys(b.Published)) {
		architectures := b.Published[provider]
		if !slices.Equal(architectures, []string{"amd64"}) {
			provider += "(" + strings.Join(architectures, ",") + ")"
		}
		words = append(words, provider)
	}
	return strings.Join(words, " ")
}
