package dockerpaths_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/dockerpaths"
)

// asked are the variables of the environment in these tests.
func asked(name string) (string, bool) { return "environment", name == "SET" }

func TestDotEnv(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text    string
		want    map[string]string
		refused bool
	}{
		{text: "A=b\nexport C = d \r\n# E=f\n\n  G=", want: map[string]string{"A": "b", "C": "d", "G": ""}},
		{text: "A='x $y'\nB=\"z\" # c\nC=\"$A\"\nD=${A}/d", want: map[string]string{"A": "x $y", "B": "z", "C": "x $y", "D": "x $y/d"}},
		{text: "A=\"x\nB=no\n\"\nC=d", want: map[string]string{"A": "x\nB=no\n", "C": "d"}},
		{text: "SET=file\nA=$SET\nB=${NOT:-other}\nC=$OLD", want: map[string]string{"SET": "file", "A": "environment", "B": "other", "C": "before"}},
		{text: "A=1\nB: 2\nSET\n", want: map[string]string{"A": "1", "B": "2", "SET": "environment"}},
		{text: "A=1\nB=\"open\nC=3", want: map[string]string{"A": "1"}, refused: true},
		{text: "A=1\n(=2", want: map[string]string{"A": "1"}, refused: true},
		{text: "A=${B", want: map[string]string{}, refused: true},
		{text: "\ufeffA=1", want: map[string]string{"A": "1"}},
		{text: strings.Repeat("x", 100000) + "=1\nB='2'", want: map[string]string{strings.Repeat("x", 100000): "1", "B": "2"}},
	} {
		got := map[string]string{"OLD": "before"}
		ok := dockerpaths.DotEnv([]byte(tt.text), got, asked)
		delete(got, "OLD")
		if diff := cmp.Diff(tt.want, got); diff != "" || ok == tt.refused {
			t.Errorf("DotEnv(%.40q) = %v (-want +got):\n%s", tt.text, ok, diff)
		}
	}
}

// FuzzDotEnv: a value in single quotes is read as it is, whatever stands
// before it in a file that compose takes.
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
		dockerpaths.DotEnv([]byte(before+"\nFBDOCK='"+value+"'\n"), map[string]string{}, asked)
		alone := map[string]string{}
		if ok := dockerpaths.DotEnv([]byte("FBDOCK='"+value+"'"), alone, asked); !ok || !maps.Equal(alone, map[string]string{"FBDOCK": value}) {
			t.Errorf("DotEnv of the value alone = %q, %v, want %q", alone, ok, value)
		}
	})
}
