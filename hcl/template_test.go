package hcl_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/hcl"
)

func TestTemplateLoads(t *testing.T) {
	t.Parallel()
	tests := []struct {
		opts           hcl.TemplateOptions
		name, provider string
	}{
		{hcl.TemplateOptions{}, "dev", ""},
		{hcl.TemplateOptions{Machine: "web", Provider: "qemu"}, "web", "qemu"},
		{hcl.TemplateOptions{Machine: "My \"Project\" ${x}", Provider: "magic"}, "my--project----x", ""},
		{hcl.TemplateOptions{Machine: "***"}, "dev", ""},
	}
	for _, test := range tests {
		text := hcl.Template(test.opts)
		cfg, _, diags := hcl.Parse("fbdock.hcl", text, hcl.Options{})
		if len(diags) > 0 {
			t.Fatalf("Parse(Template(%+v)) = diagnostics %v, want none", test.opts, diags)
		}
		m := cfg.Machines[0]
		if m.Name != test.name || m.Provider != test.provider || len(m.Mounts) != 1 {
			t.Errorf("Template(%+v) has the machine %+v, want name %q, provider %q and one mount", test.opts, m, test.name, test.provider)
		}
		formatted, diags := hcl.Format("fbdock.hcl", text)
		if len(diags) > 0 || !bytes.Equal(formatted, text) {
			t.Errorf("Format(Template(%+v)) gave another text, want the same", test.opts)
		}
	}
}

// TestTemplateShowsEverything: with the comment signs taken away the
// template loads as well, and it names all that the schema knows.
func TestTemplateShowsEverything(t *testing.T) {
	t.Parallel()
	text := string(hcl.Template(hcl.TemplateOptions{}))
	setting := regexp.MustCompile(`(?m)^( *)# ( *)([a-z_]+ +=|[a-z]+ ("[^"\n]*" )?\{|\})`)
	all := setting.ReplaceAllString(text, "$1$2$3")
	cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(all), hcl.Options{})
	if cfg == nil {
		t.Fatalf("Parse() of the template with all settings = %v, want a configuration\n%s", diags, all)
	}
	if len(diags) > 0 {
		t.Errorf("Parse() of the template with all settings = %v, want no diagnostics", diags)
	}
	var look func(b hcl.Block, text string)
	look = func(b hcl.Block, text string) {
		for _, a := range b.Attributes {
			if a.Name == "box_checksum" && strings.Contains(text, "# box_checksum =") {
				continue // it excludes box_version
			}
			if !regexp.MustCompile(`(?m)^ *` + a.Name + ` +=`).MatchString(text) {
				t.Errorf("template lacks %s of %s, want it shown", a.Name, b.Name)
			}
		}
		for _, child := range b.Blocks {
			_, rest, ok := strings.Cut(text, "\n"+"  "+child.Name+" ")
			if !ok {
				_, rest, ok = strings.Cut("\n"+text, child.Name+" ")
			}
			if !ok {
				t.Errorf("template lacks the block %s, want it shown", child.Name)
			}
			look(child, rest)
		}
	}
	look(hcl.Schema(), "\n"+all)
	if lines := strings.Count(text, "\n"); lines > 140 {
		t.Errorf("template has %d lines, want at most 140", lines)
	}
}

// TestSchemaExamples: what the reference shows as an example is accepted.
func TestSchemaExamples(t *testing.T) {
	t.Parallel()
	var hosted strings.Builder
	var write func(b *strings.Builder, block hcl.Block)
	write = func(b *strings.Builder, block hcl.Block) {
		b.WriteString(block.Name)
		if block.Label != "" {
			b.WriteString(` "a` + strings.ToLower(block.Label) + `"`)
		}
		b.WriteString(" {\n")
		for _, a := range block.Attributes {
			if block.Name == "provision" && a.Name == "script" {
				continue // it excludes inline
			}
			if a.Name == "box_checksum" {
				continue // it excludes metadata
			}
			if block.Name == "machine" && (a.Name == "host" || a.Name == "architecture") {
				hosted.WriteString(a.Name + " = " + a.Example + "\n")
				continue // it excludes provider and box
			}
			b.WriteString(a.Name + " = " + a.Example + "\n")
			if a.Doc == "" || a.Type() == "" {
				t.Errorf("schema: %s of %s has no text or no type, want both", a.Name, block.Name)
			}
		}
		for _, child := range block.Blocks {
			write(b, child)
		}
		b.WriteString("}\n")
	}
	var b strings.Builder
	for _, block := range hcl.Schema().Blocks {
		write(&b, block)
	}
	b.WriteString("machine \"hosted\" {\n" + hosted.String() + "}\n")
	cfg, _, diags := hcl.Parse("fbdock.hcl", []byte(b.String()), hcl.Options{Version: "1.0.0"})
	if cfg == nil || len(diags) > 0 {
		t.Errorf("Parse() of the examples of the schema = %v, want no diagnostics\n%s", diags, b.String())
	}
}

func TestReferenceNamesEverything(t *testing.T) {
	t.Parallel()
	reference := hcl.Reference()
	var look func(b hcl.Block)
	look = func(b hcl.Block) {
		for _, a := range b.Attributes {
			if !strings.Contains(reference, "| `"+a.Name+"` | "+string(a.Type())+" |") {
				t.Errorf("reference lacks %s of %s, want a row for it", a.Name, b.Name)
			}
		}
		for _, child := range b.Blocks {
			if !strings.Contains(reference, child.Doc) {
				t.Errorf("reference lacks the text of block %s, want it there", child.Name)
			}
			look(child)
		}
	}
	look(hcl.Schema())
	for _, name := range hcl.Functions() {
		if !strings.Contains(reference, "`"+name+"`") {
			t.Errorf("reference lacks the function %s, want it there", name)
		}
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"alignment": {"machine \"dev\" {\ncpus=4\n  memory   = \"6GiB\" # much\n}\n", "machine \"dev\" {\n  cpus   = 4\n  memory = \"6GiB\" # much\n}\n"},
		"heredoc":   {"x=<<EOT\n  a\n EOT\n", "x = <<EOT\n  a\n EOT\n"},
		"mark":      {"\xef\xbb\xbfx=1\n", "x = 1\n"},
		"nothing":   {"", ""},
		"no schema": {"anything \"goes\" {\n}\n", "anything \"goes\" {\n}\n"},
	}
	for name, test := range tests {
		got, diags := hcl.Format("fbdock.hcl", []byte(test.in))
		if len(diags) > 0 || string(got) != test.want {
			t.Errorf("Format(%s) = %q, %v, want %q", name, got, diags, test.want)
		}
	}
	for name, in := range map[string]string{"syntax": "machine {", "binary": "\x00"} {
		got, diags := hcl.Format("fbdock.hcl", []byte(in))
		if !diags.HasErrors() || got != nil {
			t.Errorf("Format() of a text with %s = %q, %v, want errors and no text", name, got, diags)
		}
	}
}
