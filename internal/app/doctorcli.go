package app

import (
	"context"
	"strings"

	"github.com/fbdock/fbdock/internal/command"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/platforms"
)

// AddCLI adds to what doctor has found which docker CLI runs the commands of
// each machine.
func AddCLI(ctx context.Context, o project.Options, found []Examination) {
	home, _ := o.Home()
	for i, e := range found {
		check := platforms.Check{Name: "docker cli", Result: platforms.Pass}
		choice, err := command.ChooseCLI(ctx, o.Env, e.cli, "", false)
		if err == nil && choice.Host != nil {
			if with, err := command.ChooseCLI(ctx, o.Env, e.cli, "", true); err == nil && with.Host != nil {
				choice = with
			} else {
				choice.Host.Compose = "by the CLI of the guest"
			}
		}
		check.Seen = choice.String()
		if err != nil {
			check.Result, check.Seen = platforms.Fail, err.Error()
			check.Why = "`fbdock docker` and `fbdock compose` run it"
			check.Fix.Text = failure.Hint(err)
		}
		if home != "" { // doctor's text names no user
			check.Seen = strings.ReplaceAll(check.Seen, home, "~")
		}
		found[i].Add(check)
	}
}
