package machine

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/mount"
)

// TestLacking: a command is refused unless both guests have what it needs,
// and have all of what is copied.
func TestLacking(t *testing.T) {
	t.Parallel()
	used := []mount.Folder{{Source: "/a", Target: "/a", Copied: true}}
	both := func(engine agent.Mount) []agent.Mount {
		engine.Guest, engine.Source, engine.Target = agent.UserEngine, "/a", "/a"
		return []agent.Mount{{Guest: agent.UserFreeBSD, Source: "/a", Target: "/a", Mounted: true}, engine}
	}
	for want, all := range map[string][]agent.Mount{
		"": both(agent.Mount{Mounted: true}),
		"/a is not mounted in the guests now: engine: full":                  both(agent.Mount{Error: "full"}),
		"the copy of /a in engine does not have all that was written yet":    both(agent.Mount{Mounted: true, Behind: true}),
		"/a is not mounted in the guests now: the agent does not know of it": nil,
	} {
		got := ""
		if e := lacking(all, used, ""); e != nil {
			got = e.Error()
		}
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("lacking() = %q, want %q", got, want)
		}
	}
}

// TestLackingInOne: a command that one guest needs the mounts for is not refused
// for the other one.
func TestLackingInOne(t *testing.T) {
	t.Parallel()
	used := []mount.Folder{{Source: "/a", Target: "/a"}}
	all := []agent.Mount{
		{Guest: agent.UserFreeBSD, Source: "/a", Target: "/a", Error: "it is down"},
		{Guest: agent.UserEngine, Source: "/a", Target: "/a", Mounted: true},
	}
	for only, want := range map[string]bool{agent.UserEngine: true, agent.UserFreeBSD: false, "": false} {
		if e := lacking(all, used, only); (e == nil) != want {
			t.Errorf("lacking(only %q) = %v, want nothing lacking: %t", only, e, want)
		}
	}
}
