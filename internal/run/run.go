// Package run is the one seam between fbdock and other programs: it starts
// them, passes an interrupt on, and keeps the tail of what they said for the
// error. It must never use a shell, never pass on an environment that the
// caller did not write down, and knows nothing of any particular program.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/fbdock/fbdock/internal/untrusted"
)

const (
	// defaultGrace is long because Vagrant, once interrupted, waits for its
	// provider to finish the step at hand: killing it earlier leaves VMs
	// that nobody knows of.
	defaultGrace = 60 * time.Second
	// drain bounds the wait for output after the program has ended: a
	// daemon that it left behind may hold the pipe open for ever.
	drain       = 2 * time.Second
	defaultKeep = 64 << 10
)

// Cmd is a program to run. It is a plain value, so that builders can be
// tested without starting anything.
type Cmd struct {
	// Name is an absolute path, or a name to be found on PATH.
	Name string
	Args []string // without the name
	Dir  string
	// Env is the whole environment; nil is an empty one.
	Env []string
	// Stdin nil is the null device.
	Stdin io.Reader
	// Stdout and Stderr receive the output as it comes; nil only keeps the
	// tail for the Result.
	Stdout, Stderr io.Writer
	// Foreground leaves the program on the terminal, where it may ask and
	// receives Ctrl-C itself. Else it has a session of its own: the
	// interrupt reaches it once, from here, and a question that it would
	// put to the terminal fails instead of stopping it for ever.
	Foreground bool
	// Signals are sent on to the program as they come, to it alone.
	Signals <-chan os.Signal
}

// Result is what a program left behind.
type Result struct {
	Status int // exit status; -1 when it was killed
	// ShellStatus is the exit status as a shell reports it: 128+n for a
	// program that signal n ended.
	ShellStatus int
	// Stdout and Stderr are the last bytes written, at most Runner.Keep
	// each. A stream that went to the terminal by Foreground is not kept.
	Stdout, Stderr []byte
	// Truncated says that one of them had more than was kept.
	Truncated bool
	Elapsed   time.Duration
}

// Runner starts programs. The zero value is ready for use.
type Runner struct {
	// Grace is the time between the interrupt and the kill.
	Grace time.Duration
	// Keep bounds the output kept of each stream.
	Keep int
	// Trace, when set, sees each command before it starts.
	Trace func(Cmd)
}

// Run starts the program and waits for its end. When ctx ends first the
// program and its children are sent an interrupt, and are killed after the
// grace period. The error is nil on status 0, *NotFoundError when there is
// no such program, *ExitError when it ended otherwise or was interrupted.
func (r Runner) Run(ctx context.Context, c Cmd) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{Status: -1}, fmt.Errorf("run %s: %w", c.Name, context.Cause(ctx))
	}
	path, err := LookPath(c.Name)
	if err != nil {
		return Result{Status: -1}, err
	}
	if r.Trace != nil {
		r.Trace(c)
	}
	stdout, stderr := &untrusted.Tail{Limit: r.keep()}, &untrusted.Tail{Limit: r.keep()}
	cmd := prepare(ctx, path, c, stdout, stderr)
	began := time.Now()
	interrupted, err := r.wait(ctx, cmd, c.Signals)
	res := Result{
		Status: -1, Stdout: stdout.Bytes(), Stderr: stderr.Bytes(),
		Truncated: stdout.Lost() || stderr.Lost(), Elapsed: time.Since(began),
	}
	if cmd.ProcessState != nil {
		res.Status = cmd.ProcessState.ExitCode()
		res.ShellStatus = shellStatus(cmd.ProcessState)
	}
	return res, failure(ctx, c, res, interrupted, err)
}

// failure says what the end of a program means.
func failure(ctx context.Context, c Cmd, res Result, interrupted bool, err error) error {
	exit, isExit := errors.AsType[*exec.ExitError](err)
	switch {
	case interrupted:
		return &ExitError{Name: c.Name, Args: c.Args, Status: res.Status, Stdout: res.Stdout, Stderr: res.Stderr, Cause: context.Cause(ctx)}
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil
	case isExit:
		e := &ExitError{Name: c.Name, Args: c.Args, Status: res.Status, Stdout: res.Stdout, Stderr: res.Stderr}
		if exit.ExitCode() < 0 {
			e.Signal = exit.String()
		}
		return e
	default:
		return fmt.Errorf("run %s: %w", c.Name, err)
	}
}

// shellStatus is the exit status of an ended program as a shell reports it.
func shellStatus(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}

// wait starts cmd, passes signals on to it, and brings it down when ctx ends.
func (r Runner) wait(ctx context.Context, cmd *exec.Cmd, signals <-chan os.Signal) (interrupted bool, err error) {
	if err := cmd.Start(); err != nil {
		return false, err
	}
	group := watch(cmd.Process)
	defer group.close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for running := true; running; {
		select {
		case err := <-ended:
			return false, err
		case s, ok := <-signals:
			if !ok {
				signals = nil
				continue
			}
			_ = cmd.Process.Signal(s) // it may have ended just now
		case <-ctx.Done():
			running = false
		}
	}
	group.interrupt()
	kill := time.NewTimer(r.grace())
	defer kill.Stop()
	select {
	case err = <-ended:
	case <-kill.C:
		group.kill()
		err = <-ended
	}
	return true, err
}

func (r Runner) grace() time.Duration {
	if r.Grace > 0 {
		return r.Grace
	}
	return defaultGrace
}

func (r Runner) keep() int {
	if r.Keep > 0 {
		return r.Keep
	}
	return defaultKeep
}

func prepare(ctx context.Context, path string, c Cmd, stdout, stderr *untrusted.Tail) *exec.Cmd {
	// The end of ctx is handled by wait: os/exec would kill at once, and
	// only the first process.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append([]string{}, c.Env...)
	cmd.Stdin = c.Stdin
	cmd.Stdout = both(c.Stdout, stdout, c.Foreground)
	cmd.Stderr = both(c.Stderr, stderr, c.Foreground)
	cmd.WaitDelay = drain
	cmd.SysProcAttr = attributes(c.Foreground)
	return cmd
}

// both writes to w and keeps the tail. A foreground program gets a file
// itself: behind a pipe it would not see the terminal.
func both(w io.Writer, t *untrusted.Tail, foreground bool) io.Writer {
	if w == nil {
		return t
	}
	if f, ok := w.(*os.File); ok && foreground {
		return f
	}
	return io.MultiWriter(w, t)
}

// LookPath finds a program on PATH; an absolute path is only checked. What
// lies in the current folder is never run by accident.
func LookPath(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &NotFoundError{Name: name, Err: err}
	}
	return path, nil
}

// LookAll finds every program of that name on a PATH, in its order. Entries
// that are relative are left out, as LookPath leaves them out.
func LookAll(name, path string) []string {
	var found []string
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		// A name with a separator is not looked for on PATH; on Windows its
		// endings are tried.
		file, err := exec.LookPath(filepath.Join(dir, name))
		if err == nil && !slices.Contains(found, file) {
			found = append(found, file)
		}
	}
	return found
}
