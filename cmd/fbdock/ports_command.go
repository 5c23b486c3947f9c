package main

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/project"
)

func portsCommand(p *program) *cli.Command {
	return &cli.Command{
		Name: "ports", Usage: "Show the published ports of containers and where they appear on this host", Flags: append(commonFlags(), machineFlag(), jsonFlag()),
		Action: onApplied(p, func(ctx context.Context, c *cli.Context, project *project.Project) error {
			if err := noArgs(c); err != nil {
				return err
			}
			ports, err := app.Ports(ctx, project, text(c, flagMachine))
			if err != nil {
				return err
			}
			if isSet(c, flagJSON) {
				return p.terminal(c).JSON(ports)
			}
			var rows [][]string
			for _, port := range ports {
				rows = append(rows, portRow(port))
			}
			return p.terminal(c).Table([]string{"HOST", "ENGINE", "CONTAINER", "STATE"}, rows)
		}),
	}
}

// portRow is a published port, or what stands for several, as a line.
func portRow(port agent.Port) []string {
	local, engine, container, state := cmp.Or(strings.Join(port.Local, " "), "-"), "-", cmp.Or(port.Container, "-"), "ok"
	switch {
	case port.Count > 0:
		container += fmt.Sprintf(" (%d ports)", port.Count)
	case port.HostPort != 0:
		engine = netip.AddrPortFrom(port.HostIP, port.HostPort).String()
		switch {
		case jail.Is(port.Container):
			engine = fmt.Sprintf("%s:%d", port.Address, port.Port)
		case port.Podman:
			engine = "podman " + engine
		}
		container += fmt.Sprintf(":%d/%s", port.Port, port.Protocol)
	}
	switch {
	case port.Error != "":
		state = "FAIL at " + port.Hop + ": " + port.Error
	case port.Note != "":
		state = "not on this host: " + port.Note
	}
	if port.Hint != "" {
		state += "; " + port.Hint
	}
	return []string{local, engine, container, state}
}
