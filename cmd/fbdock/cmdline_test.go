package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/app"
	"github.com/fbdock/fbdock/internal/failure"
)

func typed(text string) []string { return append([]string{"fbdock"}, strings.Fields(text)...) }

func TestFlagsMayStandBehindArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want string }{
		{"up dev --json", "up --json dev"},
		{"up --json dev", "up --json dev"},
		{"logs dev --layer engine -n 5", "logs --layer engine -n 5 dev"},
		{"logs dev --layer=engine web", "logs --layer=engine dev web"},
		{"-C dir -q up a b --verbose", "-C dir -q up --verbose a b"},
		{"destroy a -- -b --yes", "destroy -- a -b --yes"},
		{"destroy -- -b", "destroy -- -b"},
		{"box build --release 14.3 --json", "box build --release 14.3 --json"},
		{"exec ls -l --json", "exec ls -l --json"},
		{"exec -m a ls -m b", "exec -m a ls -m b"},
		{"exec ls --help", "exec ls --help"},
		{"docker ps -a --json", "docker ps -a --json"},
		{"docker run --help", "docker run --help"},
		{"-m a docker run -m 1g x", "-m a docker run -m 1g x"},
		{"logs dev --layer", "logs --layer dev"},
	} {
		l, err := readLine(testProgram().cli(), typed(tt.args))
		if got := strings.Join(l.args[1:], " "); err != nil || got != tt.want || l.help || l.version {
			t.Errorf("readLine(%q) = %q, help %v, version %v, error %v, want %q", tt.args, got, l.help, l.version, err, tt.want)
		}
	}
}

func TestHelpAndVersionEverywhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args, of      string
		help, version bool
	}{
		{"--help", "fbdock", true, false},
		{"-h", "fbdock", true, false},
		{"help", "fbdock", true, false},
		{"help help", "fbdock help", true, false},
		{"-q --help", "fbdock", true, false},
		{"--version", "fbdock", false, true},
		{"up --help", "fbdock up", true, false},
		{"up dev -h", "fbdock up", true, false},
		{"--help up", "fbdock up", true, false},
		{"help up", "fbdock up", true, false},
		{"help image pull", "fbdock image pull", true, false},
		{"image help pull", "fbdock image pull", true, false},
		{"image help", "fbdock image", true, false},
		{"image pull --help", "fbdock image pull", true, false},
		{"image pull --version", "fbdock image pull", false, true},
		{"docker --help", "fbdock docker", true, false},
		{"compose -h", "fbdock compose", true, false},
		{"exec --help", "fbdock exec", true, false},
		{"exec --on engine -h", "fbdock exec", true, false},
	} {
		l, err := readLine(testProgram().cli(), typed(tt.args))
		if err != nil || l.named() != tt.of || l.help != tt.help || l.version != tt.version {
			t.Errorf("readLine(%q) = %s, help %v, version %v, error %v, want %s, %v, %v", tt.args, l.named(), l.help, l.version, err, tt.of, tt.help, tt.version)
		}
	}
}

func TestUnknownWordsAreNamedWithTheNearest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, problem, hint string }{
		{"dcotor", `unknown command "dcotor"`, "did you mean `fbdock doctor`?"},
		{"stats", `unknown command "stats"`, "did you mean `fbdock status`?"},
		{"help dcotor", `unknown command "dcotor"`, "did you mean `fbdock doctor`?"},
		{"image pul", `unknown command "image pul"`, "did you mean `fbdock image pull`?"},
		{"image xyzzy", `unknown command "image xyzzy"`, "`fbdock image --help` lists the commands"},
		{"up --hlep", "unknown flag --hlep of `fbdock up`", "did you mean --help?"},
		{"up dev --jsn=1", "unknown flag --jsn of `fbdock up`", "did you mean --json?"},
		{"--verbos up", "unknown flag --verbos of `fbdock`", "did you mean --verbose?"},
		{"logs --lyaer engine", "unknown flag --lyaer of `fbdock logs`", "did you mean --layer?"},
		{"up -Z", "unknown flag -Z of `fbdock up`", "`fbdock up --help` lists the flags"},
		{"exec --no engine ls", "unknown flag --no of `fbdock exec`", "`fbdock exec --help` lists the flags"},
		{"-", `unknown command "-"`, "`fbdock --help` lists the commands"},
	} {
		_, err := readLine(testProgram().cli(), typed(tt.args))
		e, ok := errors.AsType[*failure.Error](err)
		if !ok || e.Error() != tt.problem || !strings.HasPrefix(e.Hint(), tt.hint) || failure.Status(err) != failure.ExitUsage {
			t.Errorf("readLine(%q): error %v, hint %q, want %s, %s", tt.args, err, e.Hint(), tt.problem, tt.hint)
		}
	}
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	p := testProgram()
	for _, tt := range []struct{ args, want string }{
		{"image", "pull list prune"},
		{"help image", "pull list prune"},
		{"context", "show use restore"},
		{"completion", "bash zsh fish powershell"},
		{"env --shell", strings.Join(app.Shells(), " ")},
		{"logs dev --layer", "vagrant freebsd engine docker"},
		{"exec --on", "freebsd engine"},
		{"docker run", ""},
		{"--var x=y fmt --check", ""},
	} {
		if got := strings.Join(p.candidates(t.Context(), p.cli(), strings.Fields(tt.args), false), " "); got != tt.want {
			t.Errorf("candidates(%q) = %q, want %q", tt.args, got, tt.want)
		}
	}
}
