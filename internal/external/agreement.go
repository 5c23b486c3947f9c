package external

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/fingerprint"
	"github.com/fbdock/fbdock/provision"
)

// agreement is the digest of all settings that a computer of the user's own
// is given.
func agreement(settings []provision.Setting) string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "%q %s\n", s.Name, s.Digest)
	}
	return fingerprint.Hex([]byte(b.String()))
}

// differences are lines about what the user has not agreed to yet. The first
// time those are left out that only say what the survey says in other words.
func differences(r Record, agreed string, settings []provision.Setting) []string {
	if r.Agreed == agreed {
		return nil
	}
	var lines []string
	known := maps.Clone(r.Settings)
	for _, s := range settings {
		before, had := known[s.Name]
		delete(known, s.Name)
		switch {
		case had && before == s.Digest:
		case had:
			lines = append(lines, settingLines("~", s)...)
		case r.Settings != nil || !ordinary(s.Name):
			lines = append(lines, settingLines("+", s)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		lines = append(lines, "- "+name)
	}
	return lines
}

// ordinary settings are there for every machine.
func ordinary(name string) bool {
	return slices.Contains([]string{
		"name", "instance", "provider", "host", "cli", "forward", "storage.pool", "storage.compression",
		"engine.hypervisor", "engine.image.name", "engine.image.architecture", "engine.cpus", "engine.memory", "engine.disk", "engine.network",
		"engine.gateway", "engine.address", "engine.mac", "engine.bridge", "engine.tap",
	}, name)
}

// shortScript is the most lines of a script that are shown unasked.
const shortScript = 12

func settingLines(sign string, s provision.Setting) []string {
	if s.Script == "" {
		return []string{fmt.Sprintf("%s %s: %s", sign, s.Name, s.Text)}
	}
	lines := []string{sign + " " + s.Text + ", is run as root; fbdock cannot undo what it does"}
	text := strings.Split(strings.TrimSuffix(s.Script, "\n"), "\n")
	if len(text) > shortScript {
		return append(lines, "    | (`fbdock plan --scripts` shows it)")
	}
	for _, line := range text {
		lines = append(lines, "    | "+line)
	}
	return lines
}
