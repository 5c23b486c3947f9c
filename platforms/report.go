package platforms

import (
	"fmt"
	"strings"
)

// Text is the diagnosis as plain text, fit for an issue report: no colour,
// no user's name, no path.
func (d Diagnosis) Text() string {
	var b strings.Builder
	for _, c := range d.Checks {
		fmt.Fprintf(&b, "%-4s  %-14s  %s\n", c.Result, c.Name, c.Seen)
		if c.Why != "" {
			fmt.Fprintf(&b, "%22s%s\n", "why: ", c.Why)
		}
		c.Fix.write(&b, 22)
	}
	if len(d.Ranking) > 0 {
		b.WriteString("\nproviders, the best first, with where `fbdock up` puts the engine:\n")
	}
	for _, o := range d.Ranking {
		mark := " "
		if o.Provider == d.Provider {
			mark = "*"
		}
		fmt.Fprintf(&b, "%s %-14s  bhyve %-7s  engine %-7s  %s\n", mark, o.Provider, o.Nesting, o.engine(), o.Reason)
		if o.Missing != "" {
			fmt.Fprintf(&b, "%34s%s\n", "lacks: ", o.Missing)
			o.Install.write(&b, 34)
		}
		if o.Usable && o.Provider != d.Provider {
			o.Fix.write(&b, 34)
		}
	}
	b.WriteString("\n" + d.verdict() + "\n")
	return b.String()
}

// write puts the words on one line and each command on one of its own, to be
// pasted.
func (r Remedy) write(b *strings.Builder, column int) {
	text := r.Text
	if r.Admin {
		text = strings.TrimPrefix(text+"; in a terminal with administrator's rights", "; ")
	}
	if text != "" {
		fmt.Fprintf(b, "%*s%s\n", column, "fix: ", text)
	}
	for i, line := range r.Commands {
		label := ""
		if text == "" && i == 0 {
			label = "fix: "
		}
		fmt.Fprintf(b, "%*s%s\n", column, label, line)
	}
	for _, way := range r.Or {
		fmt.Fprintf(b, "%*s%s\n", column, "or: ", way)
	}
}

// The outcomes of `fbdock up` on a host.
const (
	FullSpeed = "full speed" // the engine runs on the processor itself
	Attempt   = "attempt"    // it may: `up` finds out
	Emulated  = "emulated"   // as the configuration says
	Refused   = "refused"
)

// Outcome is what `fbdock up` comes to on the host, "" where the facts do not
// tell: on a FreeBSD computer elsewhere and on the test bench.
func (d Diagnosis) Outcome() string {
	if d.Result == Fail {
		return Refused
	}
	return d.Speed
}

func (d Diagnosis) verdict() string {
	warnings := len(d.Warnings())
	after := "."
	if warnings > 0 {
		after = ": " + count(warnings) + "."
	}
	switch failures := len(d.Failures()); {
	case failures > 0:
		return fmt.Sprintf("This host cannot run it: %d failed, %s.", failures, count(warnings))
	case d.Speed == FullSpeed && d.Placement == Sibling:
		return "This host can run it at full speed, the engine beside FreeBSD" + after
	case d.Speed == FullSpeed:
		return "This host can run it at full speed, the engine in FreeBSD" + after
	case d.Speed == Emulated:
		return "This host can run it, with an emulated engine" + after
	case warnings > 0:
		return "This host can try it" + after
	}
	return "This host can run it."
}

// count is a number of warnings.
func count(warnings int) string {
	if warnings == 1 {
		return "1 warning"
	}
	return fmt.Sprintf("%d warnings", warnings)
}
