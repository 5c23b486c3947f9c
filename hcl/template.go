package hcl

import (
	_ "embed"
	"strings"
)

//go:embed template.hcl
var templateText string

// TemplateOptions fill in the file that `fbdock init` writes.
type TemplateOptions struct {
	// Machine is its name; "" is dev. What is no DNS label is made one.
	Machine string
	// Provider to write down; "" leaves it to fbdock.
	Provider string
}

// Template is a commented configuration that loads as it is.
func Template(opts TemplateOptions) []byte {
	name := toLabel(opts.Machine)
	if name == "" {
		name = "dev"
	}
	text := strings.Replace(templateText, `machine "dev"`, `machine "`+name+`"`, 1)
	for _, p := range providers() {
		if p == opts.Provider {
			text = strings.Replace(text, `  # provider    = "auto"`, `  provider = "`+p+`"`, 1)
		}
	}
	formatted, _ := Format("fbdock.hcl", []byte(text))
	return formatted
}
