package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
)

// What `fbdock plan` says of `machine "dev" {}` on each recorded host.
func TestHostPlans(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/hosts/*.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("Glob() = %d hosts, %v, want 40 or more", len(files), err)
	}
	published, err := boxes.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		h := project.HostOf(recorded(file))
		h.Suffix = "6bfafd92"
		p, diags := plan.Build(hcl.Config{Machines: []hcl.Machine{{Name: "dev"}}}, "/home/ada/project", h, images.Catalogue{Catalogue: published})
		var b strings.Builder
		for _, m := range p.Machines {
			for _, row := range planRows(m) {
				fmt.Fprintf(&b, "%-9s  %s\n", row[0], strings.Join(row[1:], "  "))
			}
			for _, note := range m.Notes {
				fmt.Fprintf(&b, "note: %s\n", note)
			}
		}
		for _, d := range diags {
			fmt.Fprintf(&b, "%s: %s: %s\n", map[hcl.Severity]string{hcl.Error: "error", hcl.Warning: "warning"}[d.Severity], d.Summary, d.Detail)
		}
		same(t, strings.TrimSuffix(file, ".json")+".plan", b.String())
	}
}
