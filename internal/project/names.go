package project

import (
	"fmt"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/state"
)

// reservedNames are diagnostics of machines whose folder would be in the way
// of fbdock's own files.
func reservedNames(cfg hcl.Config) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, m := range cfg.Machines {
		if state.Reserved(m.Name) {
			diags = append(diags, hcl.Diagnostic{
				Severity: hcl.Error, Summary: "name is reserved", Range: m.At(""),
				Detail: fmt.Sprintf("fbdock has a file %s of its own where the files of the machine would be.", m.Name),
				Hint:   "choose another name",
			})
		}
	}
	return diags
}
