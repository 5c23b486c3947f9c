package dockerpaths_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/dockerpaths"
)

func TestDotEnv(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[string]string{
		"A=b\nexport C = d \r\n# E=f\n\n  G=":     {"A": "b", "C": "d", "G": ""},
		"A='x $y'\nB=\"z\" # c\nC=\"$A\"\nD=${A}": {"A": "x $y", "B": "z"},
		"A=\"x\nB=no\n\"\nC=d":                    {"A": "x\nB=no\n", "C": "d"},
		"A=a#b\nB=it\\'s\nC='it\\'s'\nD=e":        {"D": "e"},
		"A=1\nA=$B\n":                             {},
		"A=1\nB: 2\nC=3":                          {}, // and compose may read on in another way
		"A=1\nB=\"open\nC=3":                      {},
		"A='a' B=c":                               {},
		"A-B=1\nC=2":                              {},
		"\ufeffA=1":                               {"A": "1"},
		strings.Repeat("x", 100000) + "=1\nB='2'": {strings.Repeat("x", 100000): "1", "B": "2"},
	} {
		got := map[string]string{}
		dockerpaths.DotEnv([]byte(text), got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("DotEnv(%.40q) (-want +got):\n%s", text, diff)
		}
	}
}

// FuzzDotEnv: a value that is written plainly is read as it is, whatever
// stands before it, or is not known at all; nothing is made up. That versions
// of compose agree with what is known was tried against its own parser.
func FuzzDotEnv(f *testing.F) {
	for _, before := range []string{
		"", "A=b\n", "A=\"open\n", "A='x' B=y", "export A=1 # c", "A: b\n", "A=\"x\ny\"\n", "A='it\\'s'\n", "#'\n", "A=$B\n", "=x\n", "A=''x''\n", "\ufeffA=1\r\n",
	} {
		f.Add(before, "value")
	}
	f.Add("A=", "$x \" #")
	f.Fuzz(func(t *testing.T, before, value string) {
		if strings.ContainsAny(value, "'\\\x00\r") {
			return
		}
		text := before + "\nFBDOCK='" + value + "'\n"
		values := map[string]string{}
		dockerpaths.DotEnv([]byte(text), values)
		if got, known := values["FBDOCK"]; known && got != value {
			t.Errorf("DotEnv(%q) = %q, want %q", text, got, value)
		}
		for name, got := range values {
			if !strings.Contains(text, got) || !strings.Contains(text, name) {
				t.Errorf("DotEnv(%q) makes up %q = %q", text, name, got)
			}
		}
		// Alone it is always known.
		alone := map[string]string{}
		dockerpaths.DotEnv([]byte("FBDOCK='"+value+"'"), alone)
		if !maps.Equal(alone, map[string]string{"FBDOCK": value}) {
			t.Errorf("DotEnv of the value alone = %q, want %q", alone, value)
		}
	})
}
