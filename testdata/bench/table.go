package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// The table of docs/numbers.md stands between these lines.
const (
	begin = "<!-- numbers: written by make bench -->\n"
	end   = "<!-- end of numbers -->\n"
)

// publish writes the table into file.
func publish(file string, res result) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no lines %q and %q to write the table between", file, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(file, []byte(before+begin+table(res)+end+after), 0o644)
}

func table(res result) string {
	text := fmt.Sprintf("\n%s; medians of %d runs, both sides by turns, %s.\n\n| what | against | ours | theirs | got | to reach | |\n|---|---|---:|---:|---:|---|---|\n",
		res.Machine, res.Runs, res.Time.Format(time.DateOnly))
	for _, r := range res.Rows {
		held, theirs := "missed", "-"
		if r.Held {
			held = "held"
		}
		if r.Against != "" {
			theirs = number(r.Theirs) + " " + r.Unit
		}
		text += fmt.Sprintf("| %s | %s | %s %s | %s | %s | %s | %s |\n", r.What, r.Against, number(r.Ours), r.Unit, theirs, number(r.Got), r.Goal, held)
	}
	return text + "\n"
}

// number has three digits that count.
func number(x float64) string {
	switch {
	case x >= 100 || x == float64(int(x)):
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}
