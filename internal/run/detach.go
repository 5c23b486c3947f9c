package run

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Detach starts a program that outlives fbdock and gives its process id.
// Stdin, Stdout and Stderr must be files or nil: a pipe would tie it to us.
// It inherits nothing else that is open.
func (r Runner) Detach(ctx context.Context, c Cmd) (int, error) {
	for _, s := range []any{c.Stdin, c.Stdout, c.Stderr} {
		if _, ok := s.(*os.File); s != nil && !ok {
			return 0, fmt.Errorf("detach %s: stream %T is no file", c.Name, s)
		}
	}
	path, err := LookPath(c.Name)
	if err != nil {
		return 0, err
	}
	if r.Trace != nil {
		r.Trace(c)
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, append([]string{}, c.Env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = file[io.Reader](c.Stdin), file[io.Writer](c.Stdout), file[io.Writer](c.Stderr)
	cmd.SysProcAttr = detached()
	keepOurs()
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("detach %s: %w", c.Name, err)
	}
	pid := cmd.Process.Pid
	if err := cmd.Process.Release(); err != nil {
		return pid, fmt.Errorf("detach %s: %w", c.Name, err)
	}
	return pid, nil
}

// file keeps a nil *os.File from becoming a stream that is not nil.
func file[T any](s T) T {
	var none T
	if f, ok := any(s).(*os.File); !ok || f == nil {
		return none
	}
	return s
}
