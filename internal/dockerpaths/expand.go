package dockerpaths

import (
	"bytes"
	"maps"
	"regexp"
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
	size := expandedSize(text, func(name string) int {
		value, _ := lookup(name)
		return len(value)
	})
	if size > maxBind {
		return "", false
	}
	value, err := template.SubstituteWithOptions(text, lookup, template.WithoutLogging)
	return value, err == nil
}

// What variables may make of texts in a project's files, in bytes. Twenty lines of
// an env file that each name the one before twice make a million bytes of one.
const (
	maxValue = 1 << 20  // of a variable
	maxBind  = 16 << 10 // of a bind or the name of a file: two paths of Linux and more
)

// assignment begins the value of a variable in an env file.
var assignment = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]`)

// expandedSize is the most that text can be with its variables put in.
func expandedSize(text string, size func(name string) int) int {
	all := len(text)
	for _, name := range references([]byte(text)) {
		if all += size(name); all > maxValue {
			break
		}
	}
	return all
}

// grows tells whether a variable of an env file would be larger than
// maxValue; lookup has those that the file takes from elsewhere. A value of
// several lines has the sizes of all of them.
func grows(text []byte, lookup func(string) (string, bool)) bool {
	sizes := map[string]int{}
	name := ""
	for line := range strings.Lines(string(text)) {
		if is := assignment.FindStringSubmatch(line); is != nil {
			name = is[1]
		}
		sizes[name] += expandedSize(line, func(of string) int {
			value, _ := lookup(of)
			return max(len(value), sizes[of])
		})
		if sizes[name] > maxValue {
			return true
		}
	}
	return false
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
