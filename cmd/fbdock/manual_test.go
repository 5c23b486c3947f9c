package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"github.com/fbdock/fbdock/internal/commanddocs"
	"github.com/fbdock/fbdock/internal/manual"
)

var update = flag.Bool("update", false, "write the manual pages and the README's table of commands")

const (
	manDir     = "../../docs/man"
	readmeFile = "../../README.md"
	tableBegin = "<!-- commands:begin: written by `go test ./cmd/fbdock -update`, from the commands themselves -->\n"
	tableEnd   = "<!-- commands:end -->"
)

func testProgram() *program {
	return &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, version: "0.1.0"}
}

// each calls f for every command that is shown.
func each(above string, commands []*cli.Command, f func(words string, cmd *cli.Command)) {
	for _, cmd := range commands {
		if !cmd.Hidden {
			words := strings.TrimSpace(above + " " + cmd.Name)
			f(words, cmd)
			each(words, cmd.Subcommands, f)
		}
	}
}

// TestEveryCommandIsDescribed holds help, manual pages and README together:
// all of them come from the commands and docs.
func TestEveryCommandIsDescribed(t *testing.T) {
	t.Parallel()
	p := testProgram()
	all := commanddocs.All()
	each("", p.cli().Commands, func(words string, cmd *cli.Command) {
		d, known := all[words]
		delete(all, words)
		if !known || d.Long == "" || len(d.Examples) < 2 {
			t.Errorf("All()[%q] has %d characters and %d examples, want a description and two examples", words, len(d.Long), len(d.Examples))
		}
		if (d.Group == "") != strings.Contains(words, " ") {
			t.Errorf("All()[%q].Group = %q, want one for the first word alone", words, d.Group)
		}
		if r := cmd.Usage; strings.ToUpper(r[:1]) != r[:1] || strings.HasSuffix(r, ".") {
			t.Errorf("summary of %s = %q, want it to begin with a capital and to end without a full stop", words, r)
		}
		for _, f := range cmd.Flags {
			if u := f.(cli.DocGenerationFlag).GetUsage(); u == "" || strings.ToLower(u[:1]) != u[:1] {
				t.Errorf("flag %v of %s = %q, want it to begin with a small letter", f.Names(), words, u)
			}
		}
	})
	for words := range all {
		t.Errorf("All()[%q] describes no command, want an entry of a command", words)
	}
}

// TestExamplesAreCommands reads each example as fbdock would.
func TestExamplesAreCommands(t *testing.T) {
	t.Parallel()
	p := testProgram()
	a := p.cli()
	var check func(c manual.Command)
	check = func(c manual.Command) {
		for _, e := range c.Examples {
			words := strings.Fields(e.Line)
			if i := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w, "|<>&") }); i > 0 {
				words = words[:i]
			}
			if words[0] != "fbdock" || strings.Contains(e.Line, "$(") {
				continue
			}
			if l, err := readLine(a, words); err != nil || len(l.path) == 0 && !l.help {
				t.Errorf("readLine(%q) of an example: error = %v, want a command", e.Line, err)
			}
		}
		for _, sub := range c.Commands {
			check(sub)
		}
	}
	check(p.manual(a))
}

func TestManualPages(t *testing.T) {
	t.Parallel()
	p := testProgram()
	pages := map[string]string{manual.ConfigFile: manual.Config()}
	var add func(c manual.Command)
	add = func(c manual.Command) {
		pages[c.File()] = c.Page()
		for _, sub := range c.Commands {
			add(sub)
		}
	}
	add(p.manual(p.cli()))
	old, err := filepath.Glob(manDir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range old {
		if pages[filepath.Base(file)] == "" {
			t.Errorf("%s is the manual page of no command, want it removed", file)
		}
	}
	for name, page := range pages {
		same(t, filepath.Join(manDir, name), page)
	}
}

func TestReadmeTable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(readmeFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(readme), tableBegin)
	_, after, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s has no markers for the table of commands, want %q and %q", readmeFile, tableBegin, tableEnd)
	}
	p := testProgram()
	same(t, readmeFile, before+tableBegin+"\n"+p.manual(p.cli()).Table()+tableEnd+after)
}

// same compares a file with what it has to be, or makes it so with -update.
func same(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("ReadFile(%s): %v, want the generated file; run go test ./cmd/fbdock -update", file, err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is out of date; run go test ./cmd/fbdock -update (-want +got):\n%s", file, diff)
	}
}

// TestManualPagesAreRead has groff read the pages: it warns of what it does
// not understand.
func TestManualPagesAreRead(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	files, err := filepath.Glob(manDir + "/*.[15]")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob(%s/*.[15]) = %d pages, %v, want at least one", manDir, len(files), err)
	}
	out, err := exec.Command(groff, append([]string{"-man", "-Tutf8", "-ww", "-z"}, files...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("groff -ww of the manual pages: %v, want no error and no warning\n%s", err, out)
	}
}
