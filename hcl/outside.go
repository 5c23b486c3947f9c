package hcl

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"unicode/utf8"

	hclv2 "github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
)

// outside collects the values that are given to variables: -var before
// -var-file before the environment.
func (d *decoder) outside() map[string]given {
	values := map[string]given{}
	var names []string
	for _, v := range d.variables {
		names = append(names, v.name)
		key := envPrefix + v.name
		if raw, ok := d.opts.lookup(key); ok {
			values[v.name] = rawGiven(key, key, raw)
		}
	}
	for _, path := range d.opts.VarFiles {
		maps.Copy(values, d.varFile(path, names))
	}
	for _, name := range sortedKeys(d.opts.Vars) {
		place := "-var " + name
		if _, ok := d.eval.symbols["var."+name]; !ok {
			d.c.fail(Range{File: place}, "there is no variable "+quote(name), "", didYouMean(name, names))
			continue
		}
		values[name] = rawGiven("-var", place, d.opts.Vars[name])
	}
	return values
}

// rawGiven is a text whose place is a file of one value.
func rawGiven(origin, file, raw string) given {
	place := startOf(file)
	text, _, _ := strings.Cut(raw, "\n")
	place.End = Pos{Line: 1, Column: 1 + utf8.RuneCountInString(text), Byte: len(text)}
	return given{origin: origin, raw: raw, isRaw: true, place: place}
}

// varFile reads a file of NAME = VALUE, in HCL or in JSON.
func (d *decoder) varFile(path string, names []string) map[string]given {
	src, err := d.opts.read(path)
	if tooLarge(err) {
		src, err = make([]byte, MaxFileSize+1), nil // told as every large file
	}
	if err != nil {
		summary := "the file of variables cannot be read"
		if errors.Is(err, fs.ErrNotExist) {
			summary = "there is no such file of variables"
		}
		d.c.fail(Range{File: path}, summary, readFault(path, err)+".", "")
		return nil
	}
	attrs, ok := d.varFileAttributes(path, src)
	if !ok {
		return nil
	}
	values := map[string]given{}
	for _, name := range sortedKeys(attrs) {
		a := attrs[name]
		if _, ok := d.eval.symbols["var."+name]; !ok {
			d.c.fail(rangeOf(a.NameRange), "there is no variable "+quote(name), "", didYouMean(name, names))
			continue
		}
		g := given{origin: filepath.Base(path), place: rangeOf(a.Expr.Range())}
		if native, isNative := a.Expr.(hclsyntax.Expression); isNative {
			if g.value, ok = d.literals().value(native); !ok {
				continue
			}
		} else {
			v, diags := a.Expr.Value(nil) // JSON: with no scope strings are literal
			d.c.library(diags, g.place)
			if diags.HasErrors() {
				continue
			}
			g.value = v
		}
		values[name] = g
	}
	return values
}

func (d *decoder) varFileAttributes(path string, src []byte) (hclv2.Attributes, bool) {
	isJSON := strings.EqualFold(filepath.Ext(path), ".json") || bytes.HasPrefix(bytes.TrimSpace(src), []byte("{"))
	if !isJSON {
		body, ok := d.parse(path, src)
		if !ok {
			return nil, false
		}
		attrs, diags := body.JustAttributes()
		d.c.library(diags, startOf(path))
		return attrs, !diags.HasErrors()
	}
	text, ok := readable(path, src, d.c)
	if !ok {
		return nil, false
	}
	d.sources[path] = text
	if depth := jsonDepth(text); depth > maxNesting {
		d.c.fail(startOf(path), "the file nests too deeply", fmt.Sprintf("At most %d brackets may be open at once.", maxNesting), "")
		return nil, false
	}
	file, diags := json.Parse(text, path)
	d.c.library(withoutCascades(diags), startOf(path))
	if diags.HasErrors() {
		return nil, false
	}
	attrs, diags := file.Body.JustAttributes()
	d.c.library(diags, startOf(path))
	return attrs, !diags.HasErrors()
}

// jsonDepth is the most brackets that are open at once outside of strings.
func jsonDepth(src []byte) int {
	depth, most, quoted, escaped := 0, 0, false, false
	for _, b := range src {
		switch {
		case escaped:
			escaped = false
		case quoted && b == '\\':
			escaped = true
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			depth++
			most = max(most, depth)
		case b == '}' || b == ']':
			depth--
		}
	}
	return most
}
