package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report is what is kept of a run.
type Report struct {
	Program string   `json:"program"` // fbdock's version
	Host    string   `json:"host"`    // "" for a machine of Vagrant
	Steps   []Result `json:"steps"`
}

// JSON writes the report for programs.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Table writes the report for people, as Markdown.
func (r Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	// The last cell has no width: a long one would widen every line.
	write := func(cells ...string) error {
		_, err := fmt.Fprintln(t, "|\t"+strings.Join(cells, "\t|\t")+" |")
		return err
	}
	if err := write("step", "seconds", "result", "what was seen"); err != nil {
		return err
	}
	if err := write("---", "---:", "---", "---"); err != nil {
		return err
	}
	for _, one := range r.Steps {
		seen := strings.ReplaceAll(strings.ReplaceAll(one.Seen, "\n", "; "), "|", `\|`)
		if err := write(one.Step, fmt.Sprintf("%.1f", one.Seconds), string(one.Status), seen); err != nil {
			return err
		}
	}
	return t.Flush()
}

// Failed counts the steps that failed.
func (r Report) Failed() int {
	n := 0
	for _, one := range r.Steps {
		if one.Status == Fail {
			n++
		}
	}
	return n
}

// Gone tells whether there is no machine: it was destroyed, or no step has run.
func (r Report) Gone() bool {
	return len(r.Steps) == 0 || slices.ContainsFunc(r.Steps, func(one Result) bool { return one.Step == destroyStep && one.Status == Pass })
}
