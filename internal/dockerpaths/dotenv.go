package dockerpaths

import "strings"

// dotEnv reads an env file of compose into values, as far as all versions of
// compose agree on what it says: NAME=value, with or without quotes. A name
// that is given a value which they read differently, or that holds other
// variables, is unknown from then on. Nothing is known of a file once compose
// would refuse it.
func dotEnv(text []byte, values map[string]string) {
	rest := strings.TrimPrefix(string(text), "\ufeff")
	for rest != "" {
		line, after, _ := strings.Cut(rest, "\n")
		statement := strings.TrimLeft(line, " \t\r\v\f")
		if statement == "" || statement[0] == '#' {
			rest = after
			continue
		}
		name, value, found := strings.Cut(statement, "=")
		name = strings.Trim(strings.TrimPrefix(name, "export "), " \t")
		if !found || !variableName(name) {
			clear(values) // "NAME: value", a name alone, or a mistake
			return
		}
		value = strings.TrimLeft(value, " \t\r\v\f")
		delete(values, name)
		if value == "" || value[0] != '"' && value[0] != '\'' {
			if value, known := plainValue(value); known {
				values[name] = value
			}
			rest = after
			continue
		}
		// A quoted value may go on over lines.
		at := len(rest) - len(after) - len(value)
		if after == "" && !strings.HasSuffix(rest, "\n") {
			at = len(rest) - len(value)
		} else {
			at-- // the end of the line
		}
		value, rest, found = quotedValue(rest[at:])
		if !found {
			clear(values)
			return
		}
		if value != unknownValue {
			values[name] = value
		}
	}
}

// unknownValue is none that a file can hold: values end at a NUL.
const unknownValue = "\x00"

func variableName(name string) bool {
	for i := range len(name) {
		if c := name[i]; c != '_' && !letterOrDigit(c) {
			return false
		}
	}
	return name != ""
}

// plainValue is a value without quotes. Versions differ over what begins a
// comment, and over what a backslash is.
func plainValue(text string) (string, bool) {
	text = strings.TrimRight(text, " \t\r\v\f")
	return text, !strings.ContainsAny(text, "#$\\\x00\u0085\u00a0")
}

// quotedValue reads up to the quote that closes; rest begins in the next
// line.
func quotedValue(text string) (value, rest string, ok bool) {
	quote := text[0]
	end := 1
	for ; end < len(text) && (text[end] != quote || text[end-1] == '\\'); end++ {
	}
	if end == len(text) {
		return "", "", false
	}
	value = text[1:end]
	line, rest, _ := strings.Cut(text[end+1:], "\n")
	if line = strings.Trim(line, " \t\r"); line != "" && line[0] != '#' {
		return "", "", false // versions read on differently
	}
	if strings.ContainsAny(value, "\\\x00\r") || strings.Contains(value, string(quote)) || quote == '"' && strings.Contains(value, "$") {
		value = unknownValue
	}
	return value, rest, true
}
