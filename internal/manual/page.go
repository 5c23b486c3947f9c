package manual

import (
	"fmt"
	"strings"
)

// page writes man(7), which both mandoc and groff read.
type page struct{ strings.Builder }

func newPage(title, section string) *page {
	p := &page{}
	p.line(`.\" Written by go test ./cmd/fbdock -update.`)
	p.line(fmt.Sprintf(".TH %s %s \"\" fbdock \"fbdock manual\"", strings.ToUpper(escape(title)), section))
	return p
}

func (p *page) line(text string) { p.WriteString(text + "\n") }

func (p *page) section(name string) { p.line(".SH " + name) }

// text writes running text. A line that begins with a dot or an apostrophe
// would be a request.
func (p *page) text(text string) {
	text = code(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	p.line(text)
}

// item is a term and its text.
func (p *page) item(term, text string) {
	p.line(".TP")
	p.line(bold(term))
	p.text(text)
}

func bold(text string) string { return `\fB` + escape(text) + `\fR` }

// code sets `words` in bold.
func code(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			b.WriteString(bold(part))
		} else {
			b.WriteString(escape(part))
		}
	}
	return b.String()
}

// escape writes what roff would read as its own: backslashes, and hyphens
// that are to be copied as such.
func escape(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "'", `\(aq`, "^", `\(ha`, "~", `\(ti`).Replace(text)
}

// File is the name of the command's manual page.
func (c Command) File() string { return strings.ReplaceAll(c.Name, " ", "-") + ".1" }

// Page is the command's manual page.
func (c Command) Page() string {
	name := strings.ReplaceAll(c.Name, " ", "-")
	p := newPage(name, "1")
	p.section("NAME")
	p.line(escape(name) + ` \- ` + escape(strings.ReplaceAll(c.Summary, "`", "")))
	p.section("SYNOPSIS")
	p.line(bold(c.Name) + escape(strings.TrimPrefix(c.usage(), c.Name)))
	p.section("DESCRIPTION")
	for i, text := range paragraphs(c.Long) {
		if i > 0 {
			p.line(".PP")
		}
		p.text(text)
	}
	for _, g := range c.groups() {
		p.section(strings.ToUpper(escape(strings.TrimSpace(g.name + " commands"))))
		for _, sub := range g.commands {
			p.item(sub.last(), sub.Summary)
		}
	}
	p.flags("OPTIONS", c.Flags)
	p.flags(`"OPTIONS OF EVERY COMMAND"`, c.Common)
	if len(c.Examples) > 0 {
		p.section("EXAMPLES")
		for _, e := range c.Examples {
			p.item(e.Line, e.Text)
		}
	}
	if len(c.Exits) > 0 {
		p.section(`"EXIT STATUS"`)
		for _, e := range c.Exits {
			p.item(e.Status, e.Text)
		}
	}
	p.see(c.See)
	return p.String()
}

func (p *page) flags(name string, flags []Flag) {
	if len(flags) == 0 {
		return
	}
	p.section(name)
	for _, f := range flags {
		p.item(f.String(), f.text())
	}
}

// see lists other pages, as in "fbdock-up(1)".
func (p *page) see(pages []string) {
	if len(pages) == 0 {
		return
	}
	p.section(`"SEE ALSO"`)
	for i, name := range pages {
		name, section, _ := strings.Cut(name, "(")
		end := ","
		if i == len(pages)-1 {
			end = ""
		}
		p.line(".BR " + escape(name) + " (" + section + end)
	}
}

// Table is the commands as Markdown, for the README.
func (c Command) Table() string {
	var b strings.Builder
	for _, g := range c.groups() {
		fmt.Fprintf(&b, "| %s | |\n|---|---|\n", g.name)
		for _, sub := range g.commands {
			name := strings.TrimSpace(strings.TrimPrefix(sub.Name, c.Name+" ") + " " + sub.Args)
			if len(sub.Commands) > 0 {
				var words []string
				for _, below := range sub.Commands {
					words = append(words, below.last())
				}
				name += " " + strings.Join(words, "|")
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(name, "|", `\|`), sub.Summary)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
