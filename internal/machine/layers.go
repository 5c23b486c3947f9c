package machine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/provision/contract"
)

const (
	// AnswerTimeout bounds one question to an engine that may be emulated.
	AnswerTimeout = 15 * time.Second
	// healthTimeout bounds fbdock-health, whose checks run beside each other and
	// have timeouts of their own, 30 s at most: what is over that is a FreeBSD
	// that hardly gets to run, as an emulated one on a busy host.
	healthTimeout = 3 * time.Minute
)

// errHealth is a FreeBSD that runs fbdock-health and does not get to its end.
var errHealth = fmt.Errorf("FreeBSD has not told of its layers within %v (fbdock-health)", healthTimeout)

// Layer is one layer of a machine and how it fares.
type Layer = contract.Layer

// beyondSteps are layers that no step of `up` repairs: the user's data, the
// time, and an image that writes nothing to its console.
var beyondSteps = []string{"pool", "disk", "clock", "console"}

// Broken are the layers that do not work, and warnings those of them that
// `up` cannot repair.
func Broken(layers []Layer) (repairable, warnings []Layer) {
	for _, l := range layers {
		switch {
		case l.OK:
		case slices.Contains(beyondSteps, l.Name):
			warnings = append(warnings, l)
		default:
			repairable = append(repairable, l)
		}
	}
	return repairable, warnings
}

// Layers asks FreeBSD for the layers of the engine; checks names some of
// them, all without. No answer is a layer that does not work: who looks for one
// that fails would take it for success.
func (g *Guest) Layers(ctx context.Context, checks ...string) ([]Layer, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, healthTimeout, errHealth)
	defer cancel()
	out, err := g.Output(ctx, link.Command{Args: g.AsRoot("sh", "-c", contract.HealthCommand(checks...))})
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errHealth) {
			err = cause
		}
		return nil, err
	}
	layers := contract.ParseLayers(out.Stdout)
	switch {
	case len(layers) > 0:
	case out.Status != 0:
		layers = []Layer{{Name: "steps", Text: "the guest was not prepared yet; run `fbdock up`"}}
	default:
		layers = []Layer{{Name: "health", Text: "fbdock-health tells of no layer"}}
	}
	return layers, nil
}
