package link

import (
	"context"

	"github.com/fbdock/fbdock/internal/untrusted"
)

const (
	// MaxOutput is how much of an answer Output takes.
	MaxOutput = 1 << 20
	// keptErrors is how much of standard error it keeps: the last of it.
	keptErrors = 16 << 10
	// shownErrors is how much of that fits into a message.
	shownErrors = 1 << 10
)

// Output is what a command has left behind.
type Output struct {
	Status int
	Stdout string
	// Stderr is the end of standard error.
	Stderr string
}

// Reason is what the command said last, as it fits into a message.
func (o Output) Reason() string { return untrusted.Short(o.Stderr, shownErrors) }

// Output runs a command and collects what it writes, which Command.Stdout
// and Stderr must not be set for. More than MaxOutput of standard output ends
// the command with an *untrusted.TooLargeError: a part of an answer is none.
// The errors are those of Run.
func (c *Client) Output(ctx context.Context, cmd Command) (Output, error) {
	stdout := &untrusted.Buffer{What: "the output of a command on " + c.name, Limit: MaxOutput}
	stderr := &untrusted.Tail{Limit: keptErrors}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	status, err := c.Run(ctx, cmd)
	// Run leaves nobody behind who writes, unless it failed.
	if err != nil {
		return Output{Status: -1}, err
	}
	return Output{Status: status, Stdout: stdout.String(), Stderr: stderr.String()}, nil
}
