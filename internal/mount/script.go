package mount

import (
	"context"
	"io"
	"slices"

	"github.com/fbdock/fbdock/internal/link"
)

// Script is what fbdock runs in a guest for a mount, once.
type Script struct {
	// Name is what errors of the shell begin with.
	Name string
	// Text is of sh, and follows mounted.sh, whose functions it has.
	Text string
	Args []string
	// Target is what a *GuestError is about.
	Target string
	Stdin  io.Reader
	Stdout io.Writer
}

// Command is the command line that runs the script.
func (s Script) Command() []string {
	return append([]string{"sh", "-c", mountedScript + s.Text, s.Name}, s.Args...)
}

// RunScript runs a script by the root of a guest. What the script reports as a
// failure is a *GuestError.
func RunScript(ctx context.Context, client *link.Client, o Options, s Script) error {
	guest := &guestWords{moved: o.Moved}
	code, err := client.Run(ctx, link.Command{Args: slices.Concat(o.Root, s.Command()), Stdin: s.Stdin, Stdout: s.Stdout, Stderr: guest})
	if err != nil {
		return err
	}
	if code != 0 {
		return guest.failure(s.Target, code)
	}
	return nil
}
