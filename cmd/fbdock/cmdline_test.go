package main

import (
	"os"
	"strings"
	"testing"
)

func TestFlagsMayStandBehindArguments(t *testing.T) {
	t.Parallel()
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	for _, tt := range []struct{ args, want string }{
		{"up dev --json", "up --json dev"},
		{"up --json dev", "up --json dev"},
		{"logs dev --layer engine -n 5", "logs --layer engine -n 5 dev"},
		{"logs dev --layer=engine web", "logs --layer=engine dev web"},
		{"-C dir -q up a b --verbose", "-C dir -q up --verbose a b"},
		{"destroy a -- -b --yes", "destroy -- a -b --yes"},
		{"destroy -- -b", "destroy -- -b"},
		{"box build --release 14.3 --json", "box build --release 14.3 --json"},
		{"up dev --nosuchflag", "up --nosuchflag dev"},
		{"exec ls -l --json", "exec ls -l --json"},
		{"exec -m a ls -m b", "exec -m a ls -m b"},
		{"docker ps -a --json", "docker ps -a --json"},
		{"-m a docker run -m 1g x", "-m a docker run -m 1g x"},
		{"logs dev --layer", "logs --layer dev"},
		{"up dev --generate-bash-completion", "up dev --generate-bash-completion"},
		{"nosuchverb a --b", "nosuchverb a --b"},
		{"-", "-"},
	} {
		got := interspersed(p.cli(), append([]string{"fbdock"}, strings.Fields(tt.args)...))
		if strings.Join(got[1:], " ") != tt.want {
			t.Errorf("%q is read as %q, want %q", tt.args, got[1:], tt.want)
		}
	}
}
