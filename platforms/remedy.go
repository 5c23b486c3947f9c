package platforms

import "strings"

// Remedy is what the user can do: words, commands to paste, or both.
type Remedy struct {
	Text string `json:"text,omitempty"`
	// Commands are in the words of the user's shell, one a line.
	Commands []string `json:"commands,omitempty"`
	// Admin says that they want a terminal with administrator's rights.
	Admin bool `json:"admin,omitempty"`
	// Or are other ways, in words.
	Or []string `json:"or,omitempty"`
}

// None tells whether there is nothing to do.
func (r Remedy) None() bool { return r.Text == "" && len(r.Commands) == 0 && len(r.Or) == 0 }

// String is the remedy in one line.
func (r Remedy) String() string {
	return strings.Join(append([]string{r.first()}, r.Or...), "; or ")
}

func (r Remedy) first() string {
	commands := "`" + strings.Join(r.Commands, "`, then `") + "`"
	if r.Admin {
		commands += " as administrator"
	}
	switch {
	case len(r.Commands) == 0:
		return r.Text
	case r.Text == "":
		return commands
	}
	return r.Text + ": " + commands
}

func words(text string) Remedy { return Remedy{Text: text} }

func commands(lines ...string) Remedy { return Remedy{Commands: lines} }

// and joins two remedies, the first to be done first.
func (r Remedy) and(next Remedy) Remedy {
	switch {
	case r.None():
		return next
	case next.None():
		return r
	}
	texts := []string{}
	for _, t := range []string{r.Text, next.Text} {
		if t != "" {
			texts = append(texts, t)
		}
	}
	return Remedy{
		Text:     strings.Join(texts, "; "),
		Commands: append(append([]string{}, r.Commands...), next.Commands...),
		Admin:    r.Admin || next.Admin,
		Or:       append(append([]string{}, r.Or...), next.Or...),
	}
}
