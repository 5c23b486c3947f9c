package vagrant

import (
	"slices"
	"strings"
)

// State is the state of a machine in fbdock's words.
type State string

// The states: what a provider says beyond them is Broken, never guessed.
const (
	NotCreated State = "not_created"
	Running    State = "running"
	Stopped    State = "stopped"
	Suspended  State = "suspended"
	Changing   State = "changing" // on its way from one to another
	Broken     State = "broken"
)

// Status is what Vagrant says of one machine.
type Status struct {
	Machine  string
	Provider string
	State    State
	Raw      string // the provider's own word
	Text     string // its sentence
}

// Normalise maps the words of the providers to fbdock's.
func Normalise(raw string) State {
	words := []struct {
		state State
		raw   []string
	}{
		{Running, []string{"running", "started"}},
		{Stopped, []string{"poweroff", "shutoff", "off", "stopped", "not_running", "aborted", "created", "exited"}},
		{Suspended, []string{"saved", "suspended", "paused", "aborted-saved"}},
		{Changing, []string{"preparing", "starting", "stopping", "saving", "resuming", "pausing", "restoring", "suspending"}},
		{NotCreated, []string{"not_created", "host_state_unknown"}},
	}
	raw = strings.ToLower(strings.TrimSpace(raw))
	for _, w := range words {
		if slices.Contains(w.raw, raw) {
			return w.state
		}
	}
	return Broken
}

func statuses(events []Event) map[string]Status {
	all := map[string]Status{}
	for _, e := range events {
		if e.Machine == "" {
			continue
		}
		s := all[e.Machine]
		s.Machine = e.Machine
		switch e.Type {
		case TypeProvider:
			s.Provider = e.datum(0)
		case TypeState:
			s.Raw, s.State = e.datum(0), Normalise(e.datum(0))
		case TypeStateLong:
			s.Text = e.datum(0)
		default:
			continue
		}
		all[e.Machine] = s
	}
	return all
}

// sshConfig prefers the block that Vagrant prints as text: in the event a
// backslash and a line break look alike.
func sshConfig(out output) []byte {
	if i := strings.Index(out.text, "Host "); i >= 0 {
		return []byte(strings.TrimRight(out.text[i:], "\n") + "\n")
	}
	var b strings.Builder
	for _, e := range out.events {
		if e.Type == TypeSSHConfig {
			b.WriteString(strings.TrimRight(e.datum(0), "\n") + "\n")
		}
	}
	return []byte(b.String())
}

// plugins reads name and version events, which come in pairs. A version
// carries its scope: "0.11.2, system".
func plugins(events []Event) map[string]string {
	found := map[string]string{}
	name := ""
	for _, e := range events {
		switch e.Type {
		case TypePlugin:
			name = e.datum(0)
			found[name] = ""
		case TypePluginVer:
			if name == "" {
				name = e.Machine
			}
			version, _, _ := strings.Cut(e.datum(0), ",")
			found[name] = strings.TrimSpace(version)
		}
	}
	return found
}
