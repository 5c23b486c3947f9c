package contract_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/provision/contract"
)

// FuzzHealthLines: a layer is told for each line of fbdock-health's, and is
// well only where the line says so.
func FuzzHealthLines(f *testing.F) {
	f.Add("fbdock-health pool ok zroot online\nnoise\nfbdock-health zvols fail no node | hint: run it\n")
	f.Add("fbdock-health\nfbdock-health  ok\nfbdock-health a ok\x1b[2J")
	f.Fuzz(func(t *testing.T, out string) {
		layers, i := contract.ParseLayers(out), 0
		for line := range strings.Lines(out) {
			rest, ours := strings.CutPrefix(strings.TrimSpace(line), "fbdock-health ")
			if !ours {
				continue
			}
			if i == len(layers) {
				t.Fatalf("ParseLayers(%q) has %d layers, want one for %q too", out, len(layers), rest)
			}
			l := layers[i]
			if l.OK && !strings.HasPrefix(rest+" ", l.Name+" ok ") || strings.Contains(l.Name, "\n") || strings.Contains(l.Text, "\n") {
				t.Fatalf("ParseLayers(%q): %q became %+v, want the same name and state, one line each", out, rest, l)
			}
			i++
		}
		if i != len(layers) {
			t.Fatalf("ParseLayers(%q) has %d layers, want one for each of %d lines", out, len(layers), i)
		}
	})
}

// FuzzSurveyLines: nothing that would change is hidden from the user, each
// obstacle keeps its own hint, and only the last word ends it.
func FuzzSurveyLines(f *testing.F) {
	f.Add("fbdock-survey has system FreeBSD 15\nfbdock-survey change pkg install qemu\nfbdock-survey stop no vmm | hint: load it\nfbdock-survey done\n")
	f.Add("fbdock-survey change\nfbdock-survey stop\n fbdock-survey done x\r\n")
	f.Fuzz(func(t *testing.T, out string) {
		s := contract.ParseSurvey(out)
		var changes, stops int
		var done bool
		for line := range strings.Lines(out) {
			kind, ours := strings.CutPrefix(strings.TrimSpace(line), "fbdock-survey ")
			if !ours {
				continue
			}
			kind, text, _ := strings.Cut(kind, " ")
			switch kind {
			case "change":
				if changes >= len(s.Changes) || s.Changes[changes] != text {
					t.Fatalf("ParseSurvey(%q) has the changes %q, want %q as number %d", out, s.Changes, text, changes)
				}
				changes++
			case "stop":
				stops++
			case "done":
				done = true
			}
		}
		if changes != len(s.Changes) || stops != len(s.Stops) || stops != len(s.Hints) || done != s.Done {
			t.Fatalf("ParseSurvey(%q) = %+v, want %d changes, %d stops with hints, done = %v", out, s, changes, stops, done)
		}
	})
}

// FuzzShareLines: a share works only where a line says so, and is one of the
// names in the lines.
func FuzzShareLines(f *testing.F) {
	f.Add("fbdock-share data zroot/fbdock/shares/data ok read and written\nfbdock-share x - fail nfs no answer | hint: see\n")
	f.Add("fbdock-share\nfbdock-share  \nfbdock-share a b ok\nfbdock-share a b fail\n")
	f.Fuzz(func(t *testing.T, out string) {
		for _, s := range contract.ParseShares(out) {
			if !strings.Contains(out, "fbdock-share "+s.Name) {
				t.Fatalf("ParseShares(%q) has the share %q, want only names of the text", out, s.Name)
			}
			if s.OK != (s.Layer == "" && strings.Contains(out, " ok")) && s.OK {
				t.Fatalf("ParseShares(%q) has %+v, want OK only without a layer, where the text says ok", out, s)
			}
		}
	})
}
