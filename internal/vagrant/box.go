package vagrant

import (
	"context"

	"github.com/fbdock/fbdock/internal/run"
)

// Box is a box that Vagrant has.
type Box struct {
	Name, Provider, Version string
}

func (v Vagrant) boxListCmd() run.Cmd {
	return v.cmd(Target{}, "box", "list", machineReadable)
}

// boxAddCmd adds from a catalogue, not from the archive: only a catalogue
// gives a box a version, and vagrant-libvirt tells images apart by it.
func (v Vagrant) boxAddCmd(catalogue string, b Box) run.Cmd {
	return v.cmd(Target{}, "box", "add", catalogue, "--provider", b.Provider, "--box-version", b.Version, machineReadable)
}

// Boxes gives the boxes that Vagrant has.
func (v Vagrant) Boxes(ctx context.Context) ([]Box, error) {
	out, err := v.query(ctx, "box list", v.boxListCmd())
	if err != nil {
		return nil, err
	}
	return boxes(out.events), nil
}

// AddBox adds a box that the catalogue, a file, describes.
func (v Vagrant) AddBox(ctx context.Context, catalogue string, b Box) error {
	_, err := v.do(ctx, "box add", v.boxAddCmd(catalogue, b))
	return err
}

// boxes reads the events of box list, where a name begins a new box.
func boxes(events []Event) []Box {
	var found []Box
	for _, e := range events {
		if e.Type == "box-name" {
			found = append(found, Box{Name: e.datum(0)})
			continue
		}
		if len(found) == 0 {
			continue
		}
		switch last := &found[len(found)-1]; e.Type {
		case "box-provider":
			last.Provider = e.datum(0)
		case "box-version":
			last.Version = e.datum(0)
		}
	}
	return found
}
