package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/app"
)

func (p *program) portsCommand() *cli.Command {
	return &cli.Command{
		Name: "ports", Usage: "Show the published ports of containers and where they appear on this host", Flags: append(commonFlags(), machineFlag(), jsonFlag()),
		Action: p.verb(func(ctx context.Context, c *cli.Context, project *app.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			ports, err := project.Ports(ctx, text(c, flagMachine))
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(ports)
			}
			var rows [][]string
			for _, port := range ports {
				local, state := strings.Join(port.Local, " "), "ok"
				if local == "" {
					local = "-"
				}
				if port.Error != "" {
					state = "FAIL at " + port.Hop + ": " + port.Error
				}
				rows = append(rows, []string{
					local, fmt.Sprintf("%s:%d", port.HostIP, port.HostPort), fmt.Sprintf("%s:%d/%s", port.Container, port.Port, port.Protocol), state,
				})
			}
			return p.terminal(c).Table([]string{"LAPTOP", "ENGINE", "CONTAINER", "STATE"}, rows)
		}),
	}
}
