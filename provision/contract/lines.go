package contract

import "strings"

// HintMark stands in a text before its hint.
const HintMark = " | hint: "

// SplitHint is a text of the guest without its hint, and the hint.
func SplitHint(text string) (without, hint string) {
	without, hint, _ = strings.Cut(text, HintMark)
	return without, hint
}

// Step is one line of a step: "fbdock-step NAME STATE TEXT".
type Step struct {
	Name  string
	State string // one of the states below, or a word that is only shown
	Text  string
}

// The states of a step.
const (
	StepBegin  = "begin"
	StepRun    = "run" // Text is the command
	StepDetail = "detail"
	StepWarn   = "warn"
	StepOK     = "ok" // it changed something
	StepSkip   = "skip"
	StepReboot = "reboot"
	StepFail   = "fail"
)

// ParseStep reads a line of a step; ok is false for any other line.
func ParseStep(line string) (s Step, ok bool) {
	rest, ok := strings.CutPrefix(line, "fbdock-step ")
	s.Name, rest, _ = strings.Cut(rest, " ")
	s.State, s.Text, _ = strings.Cut(rest, " ")
	return s, ok
}

// ParseDone reads the last line of fbdock-steps, which has the hash of the
// payload that was applied.
func ParseDone(line string) (hash string, ok bool) {
	hash, ok = strings.CutPrefix(line, "fbdock-steps done ")
	return strings.TrimSpace(hash), ok
}

// ParseLeft reads a line on something that an uninstall leaves on purpose.
func ParseLeft(line string) (text string, ok bool) {
	text, ok = strings.CutPrefix(line, "fbdock-left ")
	return strings.TrimSpace(text), ok
}

// Layer is one layer of a machine and how it fares.
type Layer struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Reason is the text of the layer without its hint.
func (l Layer) Reason() string {
	text, _ := SplitHint(l.Text)
	return text
}

// Hint is the next step that the text of the layer names, "" for none.
func (l Layer) Hint() string {
	_, hint := SplitHint(l.Text)
	return hint
}

// ParseLayers reads the lines of fbdock-health: "fbdock-health LAYER ok|fail TEXT".
func ParseLayers(out string) []Layer {
	var layers []Layer
	for rest := range lines(out, "fbdock-health ") {
		name, rest, _ := strings.Cut(rest, " ")
		state, text, _ := strings.Cut(rest, " ")
		layers = append(layers, Layer{Name: name, OK: state == "ok", Text: text})
	}
	return layers
}

// Share is what fbdock-shares says of one share.
type Share struct {
	Name, Dataset     string
	OK                bool
	Layer, Text, Hint string // Layer fails, "" when none does
}

// ParseShares reads the lines of fbdock-shares: "fbdock-share NAME DATASET ok
// TEXT" and "fbdock-share NAME DATASET fail LAYER TEXT | hint: HINT".
func ParseShares(out string) []Share {
	var shares []Share
	for rest := range lines(out, "fbdock-share ") {
		var s Share
		s.Name, rest, _ = strings.Cut(rest, " ")
		s.Dataset, rest, _ = strings.Cut(rest, " ")
		state, text, _ := strings.Cut(rest, " ")
		s.OK = state == "ok"
		text, s.Hint = SplitHint(text)
		if !s.OK {
			s.Layer, text, _ = strings.Cut(text, " ")
		}
		s.Text = text
		shares = append(shares, s)
	}
	return shares
}

// Survey is what an external host has, and what fbdock would change there.
type Survey struct {
	Has     [][2]string // name and text
	Changes []string
	Stops   []string // what forbids a machine there
	Hints   []string // of each stop
	Done    bool     // the survey came to its end
}

// ParseSurvey reads the lines of the survey: "fbdock-survey KIND TEXT".
func ParseSurvey(out string) (s Survey) {
	for rest := range lines(out, "fbdock-survey ") {
		switch kind, text, _ := strings.Cut(rest, " "); kind {
		case "has":
			name, words, _ := strings.Cut(text, " ")
			s.Has = append(s.Has, [2]string{name, words})
		case "change":
			s.Changes = append(s.Changes, text)
		case "stop":
			what, hint := SplitHint(text)
			s.Stops, s.Hints = append(s.Stops, what), append(s.Hints, hint)
		case "done":
			s.Done = true
		}
	}
	return s
}

// lines are the lines of an output that begin with a word, without it.
func lines(out, word string) func(yield func(rest string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(out) {
			if rest, ok := strings.CutPrefix(strings.TrimSpace(line), word); ok && !yield(rest) {
				return
			}
		}
	}
}
