package images

import (
	"fmt"
	"slices"
	"time"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/plan"
)

// NoteSupport says which releases get no more fixes.
func NoteSupport(p *plan.Plan, today time.Time) {
	for i := range p.Machines {
		m := &p.Machines[i]
		note := func(format string, args ...any) {
			m.Notes = append(slices.Clip(m.Notes), fmt.Sprintf(format, args...))
		}
		if b := m.Box; boxes.Day(b.EndOfSupport).Passed(today) {
			note("FreeBSD %s, which the box %s holds, gets no more fixes since %s; `fbdock boxes` lists newer ones", b.Release, b.Name, b.EndOfSupport)
		}
		if img := m.Engine.Image; boxes.Day(img.EndOfSupport).Passed(today) {
			note("the engine image %s gets no more fixes since %s; `fbdock boxes` lists newer ones for engine.image", img.Name, img.EndOfSupport)
		}
	}
}
