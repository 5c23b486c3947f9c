package manual

import (
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/hcl"
)

// ConfigFile is the name of the manual page of fbdock.hcl.
const ConfigFile = "fbdock.hcl.5"

// Config is the manual page of fbdock.hcl, from the schema that the loader
// goes by.
func Config() string {
	p := newPage("fbdock.hcl", "5")
	p.section("NAME")
	p.line(`fbdock.hcl \- the configuration of fbdock`)
	p.section("DESCRIPTION")
	p.text("`fbdock.hcl` describes machines with a Docker engine. fbdock finds it in the current folder or in the nearest folder above. " +
		"It is written in HCL, HashiCorp's configuration language. `fbdock init` writes one with comments, `fbdock validate` checks it.")
	p.section("BLOCKS")
	for _, b := range hcl.Schema().Blocks {
		p.block(b, "")
	}
	p.section("VALUES")
	for _, v := range hcl.ValueKinds() {
		p.item(v.Name, v.Text)
	}
	p.section("EXAMPLES")
	p.line(".nf")
	for line := range strings.SplitSeq("machine \"dev\" {\n  memory = \"6GiB\"\n  mount \".\" {}\n  share \"scratch\" {}\n}", "\n") {
		p.line(escape(line))
	}
	p.line(".fi")
	p.see([]string{"fbdock(1)", "fbdock-init(1)", "fbdock-validate(1)"})
	return p.String()
}

func (p *page) block(b hcl.Block, above string) {
	head := b.Name
	if b.Label != "" {
		head += fmt.Sprintf(" %q", b.Label)
	}
	p.line(".SS \"" + strings.ReplaceAll(escape(strings.TrimSpace(above+" "+head)), `"`, `\(dq`) + "\"")
	text := b.Doc
	if b.Many {
		text += " There may be several."
	}
	p.text(text)
	for _, a := range b.Attributes {
		text := string(a.Type()) + ": " + a.Meaning()
		if a.Default != "" {
			text += " (default: " + a.Default + ")"
		}
		p.item(a.Name, text)
	}
	for _, child := range b.Blocks {
		p.block(child, b.Name)
	}
}
