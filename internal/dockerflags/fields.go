package dockerflags

import (
	"encoding/csv"
	"slices"
	"strings"
)

// Field is one KEY=VALUE of a value that is written as CSV, as docker and
// buildx read --mount, --secret and --output.
type Field struct {
	Key   string // in small letters
	Value string
	// At and Len are where the field stands in the value, with its quotes.
	At, Len int
}

// Fields are those of a value. It is empty for what is not written so, and
// docker says what is wrong with it.
func Fields(text string) FieldList {
	r := csv.NewReader(strings.NewReader(text))
	words, err := r.Read()
	if err != nil {
		return nil
	}
	end := len(strings.TrimRight(text[:r.InputOffset()], "\r\n"))
	lines := strings.SplitAfter(text, "\n")
	fields := make(FieldList, len(words))
	for i, word := range slices.Backward(words) {
		line, column := r.FieldPos(i)
		at := column - 1
		for _, before := range lines[:line-1] {
			at += len(before)
		}
		key, value, _ := strings.Cut(word, "=")
		fields[i] = Field{Key: strings.ToLower(strings.TrimSpace(key)), Value: value, At: at, Len: end - at}
		end = at - 1 // the comma
	}
	return fields
}

// FieldList are the fields of one value.
type FieldList []Field

// Last is the last field with one of the keys: where docker is given a field
// twice, the last one holds.
func (l FieldList) Last(keys ...string) (Field, bool) {
	for _, f := range slices.Backward(l) {
		if slices.Contains(keys, f.Key) {
			return f, true
		}
	}
	return Field{}, false
}

// Get is the value of the last field with one of the keys, "" without any.
func (l FieldList) Get(keys ...string) string {
	f, _ := l.Last(keys...)
	return f.Value
}

// QuoteField writes a field as Fields reads it.
func QuoteField(key, value string) string {
	field := key + "=" + value
	if !strings.ContainsAny(field, ",\"\r\n") {
		return field
	}
	return `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
}
