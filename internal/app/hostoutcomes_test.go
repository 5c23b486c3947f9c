package app_test

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/platforms"
)

// outcomes is the golden file of what `fbdock up` comes to on each host.
const outcomes = "outcomes"

// nestedOnly is what `fbdock up` comes to where an engine is in FreeBSD and
// nowhere else: with the installed provider whose support for nested
// virtualization is the most certain.
func nestedOnly(f platforms.Facts) string {
	best := platforms.Option{Nesting: -1}
	for _, o := range platforms.Rank(f) {
		if o.Usable && o.Nesting > best.Nesting {
			best = o
		}
	}
	if best.Provider == "" {
		return platforms.Refused
	}
	return platforms.Diagnose(f, platforms.Wanted{Provider: best.Provider, Placement: platforms.Nested}).Outcome()
}

// On how many of the hosts `fbdock up` runs at full speed, with an engine in
// FreeBSD alone and as `placement = "auto"` decides now. `go test -v` shows the
// figures.
func TestHostOutcomes(t *testing.T) {
	t.Parallel()
	all := read(t)
	before, now := map[string]int{}, map[string]int{}
	rows := ""
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d := diagnosis(t, all[name].Facts)
		was, is, engine := nestedOnly(all[name].Facts), d.Outcome(), "-"
		if is != platforms.Refused {
			engine = d.Placement
		}
		before[was]++
		now[is]++
		rows += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", name, was, is, cmp.Or(d.Provider, "-"), engine)
		if is == platforms.Refused && was != platforms.Refused || was == platforms.FullSpeed && is != was {
			t.Errorf("outcome on %s = %s, want no less than the %s of an engine in FreeBSD", name, is, was)
		}
		if is == platforms.FullSpeed && d.Placement == platforms.Nested && was != platforms.FullSpeed {
			t.Errorf("outcome on %s = %s with an engine in FreeBSD, want %s", name, is, was)
		}
	}
	var b strings.Builder
	b.WriteString("# What `fbdock up` comes to on each host\n\n" +
		"Written by `go test ./internal/app -run Host -update`: with an engine in FreeBSD alone, and as `placement = \"auto\"` decides.\n\n" +
		"| outcome | in FreeBSD alone | auto |\n|---|---|---|\n")
	for _, outcome := range []string{platforms.FullSpeed, platforms.Attempt, platforms.Refused} {
		row := fmt.Sprintf("| %s | %d of %d | %d of %d |\n", outcome, before[outcome], len(all), now[outcome], len(all))
		t.Log(strings.TrimSpace(row))
		b.WriteString(row)
	}
	b.WriteString("\n| host | in FreeBSD alone | auto | provider | engine |\n|---|---|---|---|---|\n" + rows)
	golden(t, filepath.Join(hosts, outcomes+".md"), b.String())
}
