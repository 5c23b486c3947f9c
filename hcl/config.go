// Package hcl reads fbdock.hcl into a typed Config and tells every mistake in it
// with its place. It knows nothing of the other fbdock packages and does no
// I/O beyond the files of the configuration.
package hcl

import (
	"fmt"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Config is one decoded and checked fbdock.hcl.
type Config struct {
	// Path is the file that was read, as it was given.
	Path string
	// RequiredVersion is the constraint of the fbdock block, "" when there is none.
	RequiredVersion string
	// Machines in the order of the file.
	Machines []Machine
}

// file is the schema of one fbdock.hcl, bound to the configuration that it fills.
type file struct{ requirements, variable, locals, machine Block }

// Schema is all that fbdock.hcl can say. It drives the loader, its suggestions
// and the reference in docs/configuration.md.
func Schema() Block { return fileSchema(&Config{}).block() }

func (f file) block() Block {
	return Block{Many: true, Blocks: []Block{f.requirements, f.variable, f.locals, f.machine}}
}

func fileSchema(cfg *Config) file {
	return file{
		requirements: Block{
			Name: "fbdock", Doc: "What the file needs of fbdock itself.",
			Attributes: []Attribute{{
				Name: "required_version", into: constraint(&cfg.RequiredVersion), Example: `">= 0.1"`,
				Doc: "versions of fbdock that understand this file",
			}},
		},
		variable: variableSchema(&variable{}),
		locals: Block{
			Name: "locals", Many: true, Open: true,
			Doc: "Names for values, written `local.NAME`.",
		},
		machine: each(&cfg.Machines, machineSchema),
	}
}

// config reads the syntax tree; it is nil where that makes no sense.
func (d *decoder) config(body *hclsyntax.Body) *Config {
	cfg := &Config{Path: d.file}
	f := fileSchema(cfg)
	root := newScope(d, f.block(), body, startOf(d.file))
	d.declare(root, f)
	for _, b := range root.occurrences(f.requirements) {
		b.read()
		if !d.satisfies(cfg.RequiredVersion, b.valueAt("required_version")) {
			return nil
		}
	}
	root.names()
	d.assign()
	for _, b := range root.occurrences(f.machine) {
		b.read()
	}
	if len(cfg.Machines) == 0 && !hasUnknownBlock(root) {
		d.c.fail(startOf(d.file), "there is no machine block",
			`The least that works is: machine "dev" {}`, "fbdock init")
	}
	return cfg
}

// hasUnknownBlock holds where a misspelt machine was told already.
func hasUnknownBlock(root *scope) bool {
	for _, b := range root.body.Blocks {
		if _, ok := root.schema.block(b.Type); !ok {
			return true
		}
	}
	return false
}

// satisfies checks the constraint of the file against this fbdock. When it
// is not met, nothing else is told: what a newer fbdock knows looks like
// mistakes to this one.
func (d *decoder) satisfies(text string, at Range) bool {
	if text == "" {
		return true
	}
	constraint, err := version.NewConstraint(text)
	have, haveErr := version.NewVersion(d.opts.Version)
	if err != nil || haveErr != nil || constraint.Check(have.Core()) {
		return true
	}
	d.c.diags = nil
	d.c.fail(at, fmt.Sprintf("this is fbdock %s, but the file needs %s", have, text), "",
		"install a version of fbdock that fits, or change required_version")
	return false
}
