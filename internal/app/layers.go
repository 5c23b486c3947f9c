package app

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/link"
)

const (
	// answerTimeout bounds one question to an engine that may be emulated.
	answerTimeout = 15 * time.Second
	// healthTimeout bounds fbdock-health, whose checks have timeouts of
	// their own, 30 s at most.
	healthTimeout = time.Minute
)

// Layer is one layer of a machine and how it fares.
type Layer struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// hintMark stands in the text of a layer before its hint.
const hintMark = " | hint: "

// reason is the text of the layer without its hint.
func (l Layer) reason() string {
	text, _, _ := strings.Cut(l.Text, hintMark)
	return text
}

func (l Layer) hint() string {
	_, hint, _ := strings.Cut(l.Text, hintMark)
	return hint
}

// beyondSteps are layers that no step of `up` repairs: the user's data, the
// time, and an image that writes nothing to its console.
var beyondSteps = []string{"pool", "disk", "clock", "console"}

// broken are the layers that do not work, and warnings those of them that
// `up` cannot repair.
func broken(layers []Layer) (repairable, warnings []Layer) {
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

// Broken is the first layer that does not work, nil when all do.
func (s MachineStatus) Broken() *Layer { return firstBroken(s.Layers) }

func firstBroken(layers []Layer) *Layer {
	for i := range layers {
		if !layers[i].OK {
			return &layers[i]
		}
	}
	return nil
}

// layers asks FreeBSD for the layers of the engine; checks names some of
// them, all without. No answer is a layer that does not work: who looks for one
// that fails would take it for success.
func (g *guest) layers(ctx context.Context, checks ...string) ([]Layer, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	script := strings.Join(append([]string{"exec /usr/local/libexec/fbdock/fbdock-health"}, checks...), " ")
	out, err := g.Output(ctx, link.Command{Args: g.asRoot("sh", "-c", script)})
	if err != nil {
		return nil, err
	}
	layers := health(out.Stdout)
	switch {
	case len(layers) > 0:
	case out.Status != 0:
		layers = []Layer{{Name: "steps", Text: "the guest was not prepared yet; run `fbdock up`"}}
	default:
		layers = []Layer{{Name: "health", Text: "fbdock-health tells of no layer"}}
	}
	return layers, nil
}

// health reads the lines of fbdock-health: "fbdock-health LAYER ok|fail TEXT".
func health(out string) []Layer {
	var layers []Layer
	for line := range strings.Lines(out) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "fbdock-health ")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(rest, " ")
		state, text, _ := strings.Cut(rest, " ")
		layers = append(layers, Layer{Name: name, OK: state == "ok", Text: text})
	}
	return layers
}
