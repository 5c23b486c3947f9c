package vagrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/fbdock/fbdock/internal/run"
)

// output is what a command has said.
type output struct {
	events []Event
	text   string // what was no event
}

// change runs a command that takes Vagrant's lock of the machine, and waits
// for it while another Vagrant has it.
func (v Vagrant) change(ctx context.Context, command string, c run.Cmd) error {
	limit := cmp.Or(v.LockWait, lockWait)
	pace := backoff.NewExponentialBackOff()
	pace.InitialInterval, pace.MaxInterval = min(time.Second, limit/10), min(15*time.Second, limit)
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		_, err := v.do(ctx, command, c)
		if err != nil && !errors.Is(err, ErrLocked) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pace), backoff.WithMaxElapsedTime(limit))
	if p, ok := errors.AsType[*backoff.PermanentError](err); ok {
		return p.Err
	}
	return err
}

// query runs a command that only reads, against the clock.
func (v Vagrant) query(ctx context.Context, command string, c run.Cmd) (output, error) {
	return v.timed(ctx, command, c, cmp.Or(v.QueryTimeout, queryTimeout))
}

func (v Vagrant) timed(ctx context.Context, command string, c run.Cmd, limit time.Duration) (output, error) {
	late := fmt.Errorf("%w: %v passed", ErrHung, limit)
	timed, cancel := context.WithTimeoutCause(ctx, limit, late)
	defer cancel()
	out, err := v.do(timed, command, c)
	if err != nil && ctx.Err() == nil && errors.Is(context.Cause(timed), late) {
		return out, &Error{Command: command, Kind: ErrHung, Text: fmt.Sprintf("%v passed", limit), Err: err,
			Next: "run `vagrant " + command + "` by hand to see what it waits for; VAGRANT_HOME on a network drive and virus scanners are known reasons"}
	}
	return out, err
}

// do runs a command once, following its stream.
func (v Vagrant) do(ctx context.Context, command string, c run.Cmd) (output, error) {
	if err := v.check(c); err != nil {
		return output{}, err
	}
	s := &stream{onEvent: v.OnEvent}
	c.Stdout, c.Stderr = io.Writer(s), nil
	if v.Log != nil {
		c.Stdout, c.Stderr = io.MultiWriter(s, v.Log), v.Log
		if _, err := fmt.Fprintf(v.Log, "$ %s\n", c); err != nil {
			return output{}, fmt.Errorf("write vagrant's log: %w", err)
		}
	}
	_, err := v.runner().Run(ctx, c)
	s.close()
	out := output{events: s.events, text: s.text.String()}
	return out, failure(command, out, err)
}

// check asks whether the Vagrantfile may be run. Only the version is told
// without it, and asked in no folder.
func (v Vagrant) check(c run.Cmd) error {
	if v.Check == nil || c.Dir == "" {
		return nil
	}
	return v.Check()
}

func (v Vagrant) runner() Runner {
	if v.Runner == nil {
		return run.Runner{}
	}
	return v.Runner
}

// SSH runs SSHCmd with these streams and gives the status of the remote
// command; 255 may also be ssh's own failure.
func (v Vagrant) SSH(ctx context.Context, t Target, line string, tty bool, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	c := v.SSHCmd(t, line, tty)
	if err := v.check(c); err != nil {
		return 0, err
	}
	c.Stdin, c.Stdout, c.Stderr = stdin, stdout, stderr
	res, err := v.runner().Run(ctx, c)
	if exit, ok := errors.AsType[*run.ExitError](err); ok && exit.Cause == nil && exit.Status > 0 {
		return exit.Status, nil
	}
	return res.Status, failure("ssh", output{}, err)
}
