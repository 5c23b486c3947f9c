package hcl_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/hcl"
)

func at(file string, line, column, start, end int) hcl.Range {
	return hcl.Range{
		File:  file,
		Start: hcl.Pos{Line: line, Column: column, Byte: start},
		End:   hcl.Pos{Line: line, Column: column + end - start, Byte: end},
	}
}

func text(t *testing.T, d hcl.Diagnostic, src string, opts hcl.WriteOptions) string {
	t.Helper()
	var b strings.Builder
	if err := hcl.Write(&b, hcl.Diagnostics{d}, hcl.Sources{"a.hcl": []byte(src)}, opts); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteIsExact(t *testing.T) {
	t.Parallel()
	d := hcl.Diagnostic{
		Severity: hcl.Error, Summary: "it is wrong", Detail: "One line.\nAnother.", Hint: "make it right",
		Range:   at("a.hcl", 2, 2, 8, 13),
		Related: []hcl.Related{{Message: "because of this", Range: at("a.hcl", 1, 1, 0, 6)}},
	}
	got := text(t, d, "first \n\tvalue # tab\n", hcl.WriteOptions{})
	want := strings.Join([]string{
		"error: it is wrong",
		"  --> a.hcl:2:2",
		"   |",
		" 2 |     value # tab",
		"   |     ^^^^^",
		"    because of this:",
		"  --> a.hcl:1:1",
		"   |",
		" 1 | first",
		"   | ------",
		"    One line.",
		"    Another.",
		"    hint: make it right",
		"",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Write() (-want +got):\n%s", diff)
	}
}

func TestWriteMarks(t *testing.T) {
	t.Parallel()
	long := "x = \"" + strings.Repeat("a", 300) + "\" + bad + \"" + strings.Repeat("b", 300) + "\""
	bad := strings.Index(long, "bad")
	tests := map[string]struct {
		src   string
		r     hcl.Range
		line  string
		marks string
	}{
		"wide characters":     {"日本 = x", at("a.hcl", 1, 6, 9, 10), "日本 = x", "       ^"},
		"wide marked":         {"a = 日本", at("a.hcl", 1, 5, 4, 10), "a = 日本", "    ^^^^"},
		"combining":           {"e\u0301 = x", at("a.hcl", 1, 5, 6, 7), "e\u0301 = x", "    ^"},
		"control characters":  {"\x1b[31m\u202e = x", at("a.hcl", 1, 1, 0, 5), "?[31m? = x", "^^^^^"},
		"Windows line end":    {"a = 1\r\nb\r\n", at("a.hcl", 1, 5, 4, 7), "a = 1", "    ^"},
		"over several lines":  {"a = [\n 1\n]\n", at("a.hcl", 1, 5, 4, 10), "a = [", "    ^"},
		"end of the file":     {"a = ", at("a.hcl", 1, 5, 4, 4), "a =", "    ^"},
		"middle of long line": {long, at("a.hcl", 1, bad+1, bad, bad+3), "..." + strings.Repeat("a", 9) + `" + bad + "` + strings.Repeat("b", 6) + "...", strings.Repeat(" ", 16) + "^^^"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := hcl.Diagnostic{Severity: hcl.Warning, Summary: "s", Range: test.r}
			lines := strings.Split(text(t, d, test.src, hcl.WriteOptions{Width: 40}), "\n")
			if lines[3] != " 1 | "+test.line || lines[4] != "   | "+test.marks {
				t.Errorf("got\n%s\n%s\nwant\n 1 | %s\n   | %s", lines[3], lines[4], test.line, test.marks)
			}
		})
	}
}

func TestWriteWithoutASource(t *testing.T) {
	t.Parallel()
	for _, r := range []hcl.Range{{File: "b.hcl"}, at("b.hcl", 1, 1, 0, 1), at("a.hcl", 9, 1, 99, 100)} {
		got := text(t, hcl.Diagnostic{Severity: hcl.Error, Summary: "s", Range: r}, "x", hcl.WriteOptions{})
		if want := "error: s\n  --> " + r.String() + "\n"; got != want {
			t.Errorf("Write() = %q, want %q", got, want)
		}
	}
	if got := text(t, hcl.Diagnostic{Severity: hcl.Error, Summary: "s"}, "x", hcl.WriteOptions{}); got != "error: s\n" {
		t.Errorf("Write() = %q, want \"error: s\\n\"", got)
	}
}

func TestWriteColorOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	d := hcl.Diagnostic{Severity: hcl.Warning, Summary: "\x1b[2Jgone", Hint: "h", Range: at("a.hcl", 1, 1, 0, 1)}
	plain := text(t, d, "x\n", hcl.WriteOptions{})
	color := text(t, d, "x\n", hcl.WriteOptions{Color: true})
	if strings.Contains(plain, "\x1b") || !strings.Contains(color, "\x1b[1;33mwarning\x1b[0m") {
		t.Errorf("Write() = %q, with Color %q, want colour only in the second", plain, color)
	}
	for _, code := range []string{"\x1b[1;33m", "\x1b[1m", "\x1b[34m", "\x1b[0m"} {
		color = strings.ReplaceAll(color, code, "")
	}
	if plain != color {
		t.Errorf("Write() = %q, with Color and then without its codes %q, want the same", plain, color)
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	d := hcl.Diagnostics{{Severity: hcl.Error, Summary: "s"}}
	if err := hcl.Write(brokenWriter{}, d, nil, hcl.WriteOptions{}); !errors.Is(err, errBroken) {
		t.Errorf("Write() to a broken writer: error = %v, want errBroken", err)
	}
	if err := hcl.WriteJSON(brokenWriter{}, d, nil); !errors.Is(err, errBroken) {
		t.Errorf("WriteJSON() to a broken writer: error = %v, want errBroken", err)
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	diags := hcl.Diagnostics{
		{Severity: hcl.Error, Summary: "s", Detail: "<d>", Hint: "h", Range: at("a.hcl", 1, 3, 2, 3)},
		{Severity: hcl.Warning, Summary: "w", Range: hcl.Range{File: "b.hcl"}},
	}
	var b strings.Builder
	if err := hcl.WriteJSON(&b, diags, hcl.Sources{"a.hcl": []byte("a b\n")}); err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	const text = `{"valid": false, "errors": 1, "warnings": 1, "diagnostics": [
		{"severity": "error", "summary": "s", "detail": "<d>", "hint": "h", "snippet": "a b", "range":
			{"file": "a.hcl", "start": {"line": 1, "column": 3, "byte": 2}, "end": {"line": 1, "column": 4, "byte": 3}}},
		{"severity": "warning", "summary": "w", "range":
			{"file": "b.hcl", "start": {"line": 0, "column": 0, "byte": 0}, "end": {"line": 0, "column": 0, "byte": 0}}}]}`
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("WriteJSON() (-want +got):\n%s", diff)
	}
	b.Reset()
	if err := hcl.WriteJSON(&b, nil, nil); err != nil || !strings.Contains(b.String(), `"diagnostics": []`) {
		t.Errorf("WriteJSON() of no diagnostics = %v, %s, want an empty list", err, b.String())
	}
}

func TestDiagnosticsAsError(t *testing.T) {
	t.Parallel()
	warning := hcl.Diagnostic{Severity: hcl.Warning, Summary: "w"}
	first := hcl.Diagnostic{Severity: hcl.Error, Summary: "e", Range: at("a.hcl", 3, 4, 9, 9)}
	tests := map[string]struct {
		diags hcl.Diagnostics
		want  string
	}{
		"none":     {nil, ""},
		"warnings": {hcl.Diagnostics{warning}, ""},
		"one":      {hcl.Diagnostics{warning, first}, "a.hcl:3:4: e"},
		"two":      {hcl.Diagnostics{first, first}, "a.hcl:3:4: e, and 1 more error"},
		"three":    {hcl.Diagnostics{first, warning, first, first}, "a.hcl:3:4: e, and 2 more errors"},
	}
	for name, test := range tests {
		err := test.diags.Err()
		if got := fmt.Sprint(err); (err == nil) != (test.want == "") || (err != nil && got != test.want) {
			t.Errorf("Err() of %s = %q, want %q", name, got, test.want)
		}
	}
	if got := (hcl.Diagnostics{warning}).Error(); got != "no errors" {
		t.Errorf("Error() of a warning = %q, want \"no errors\"", got)
	}
}
