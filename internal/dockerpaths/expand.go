package dockerpaths

import (
	"bytes"
	"maps"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
)

// expand puts variables in as compose does, nothing for one that is not set. It
// is false for a text that compose refuses, and for one with variables where
// none are known, with a lookup of nil.
func expand(text string, lookup func(string) (string, bool)) (string, bool) {
	if lookup == nil {
		return text, !strings.Contains(text, "$")
	}
	value, err := template.SubstituteWithOptions(text, lookup, template.WithoutLogging)
	return value, err == nil
}

// dotEnv reads an env file of compose into values; lookup has the variables of
// the environment, which come first. It is false for a file that compose
// refuses.
func dotEnv(text []byte, values map[string]string, lookup func(string) (string, bool)) bool {
	read, err := dotenv.ParseWithLookup(bytes.NewReader(text), func(name string) (string, bool) {
		if value, ok := lookup(name); ok {
			return value, true
		}
		value, ok := values[name]
		return value, ok
	})
	maps.Copy(values, read)
	return err == nil
}
