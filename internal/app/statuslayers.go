package app

import (
	"github.com/fbdock/fbdock/internal/machine"
)

// Broken is the first layer that does not work, nil when all do.
func (s MachineStatus) Broken() *machine.Layer { return firstBroken(s.Layers) }

func firstBroken(layers []machine.Layer) *machine.Layer {
	for i := range layers {
		if !layers[i].OK {
			return &layers[i]
		}
	}
	return nil
}
