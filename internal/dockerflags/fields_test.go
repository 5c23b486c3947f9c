package dockerflags_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerflags"
)

// TestFields: each field stands where it is said to.
func TestFields(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"type=bind,src=/a":             "[type=bind][src=/a]",
		`"SRC=/a,b",type=bind`:         `["SRC=/a,b"][type=bind]`,
		"\"src=/a\n,\"\"b\",c,d=e=f\n": "[\"src=/a\n,\"\"b\"][c][d=e=f]",
		`a"b`:                          "",
		"":                             "",
	} {
		got := ""
		for _, f := range dockerflags.Fields(text) {
			got += "[" + text[f.At:f.At+f.Len] + "]"
		}
		if got != want {
			t.Errorf("Fields(%q) are at %q, want %q", text, got, want)
		}
	}
	fields := dockerflags.Fields(`src=/a,Source=/b,"dest=/c,d"`)
	if got := fields.Get("src", "source") + fields.Get("dest") + fields.Get("type"); got != "/b/c,d" {
		t.Errorf("Get of the fields gives %q, want those that come last", got)
	}
}

// FuzzQuoteField: a field that is put in the place of another is read again.
func FuzzQuoteField(f *testing.F) {
	f.Add(`type=bind,"src=/a,b",c`, `x"y,z`)
	f.Fuzz(func(t *testing.T, text, value string) {
		if strings.ContainsRune(text+value, '\r') { // csv drops it at the end of a line, and docker refuses it behind a quoted field
			return
		}
		words, err := csv.NewReader(strings.NewReader(text)).Read()
		fields := dockerflags.Fields(text)
		if err == nil && len(words) != len(fields) {
			t.Fatalf("Fields(%q) = %+v, want %q", text, fields, words)
		}
		for i, field := range fields {
			changed := text[:field.At] + dockerflags.QuoteField("key", value) + text[field.At+field.Len:]
			got, err := csv.NewReader(strings.NewReader(changed)).Read()
			if err != nil || len(got) != len(words) || got[i] != "key="+value {
				t.Fatalf("field %d of %q replaced = %q, read as %q, %v, want %q there", i, text, changed, got, err, "key="+value)
			}
		}
	})
}
