package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/retry"
)

// startWait bounds the wait for a started agent to serve. It logs in to the
// guest afterwards.
const startWait = 15 * time.Second

// Starter starts the agent of one machine, once, whoever else tries to.
type Starter struct {
	Remote   Remote
	Identity string // the agent wanted
	// Replace has an agent of another identity make room. Without it any
	// agent will do: only `up` applies what has changed.
	Replace bool
	// Lock is held by who starts it, Log is the file that it writes to.
	Lock, Log string
	// Spawn starts the process, with its output to log, and gives its number.
	Spawn func(ctx context.Context, log *os.File) (pid int, err error)
}

// Running tells whether an agent serves that will do.
func (s Starter) Running(ctx context.Context) bool {
	found, err := s.identity(ctx)
	return err == nil && s.does(found)
}

func (s Starter) does(found string) bool { return found == s.Identity || !s.Replace }

// Other tells whether an agent serves that Ensure would replace.
func (s Starter) Other(ctx context.Context) bool {
	found, err := s.identity(ctx)
	return err == nil && !s.does(found)
}

// identity is that of the agent that serves.
func (s Starter) identity(ctx context.Context) (string, error) {
	client, err := s.Remote.Dial(ctx, userControl, 5*time.Second)
	if err != nil {
		return "", err
	}
	defer client.Close()
	return strings.TrimPrefix(client.ServerVersion(), bannerPrefix), nil
}

// Ensure returns when an agent serves that will do. It is a *StartError when
// the process ends instead.
func (s Starter) Ensure(ctx context.Context) error {
	if s.Running(ctx) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	lock := privatefile.Lock(s.Lock)
	if ok, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil || !ok {
		return fmt.Errorf("start the agent: %w", errors.Join(err, context.Cause(ctx)))
	}
	err := s.start(ctx)
	return errors.Join(err, lock.Unlock())
}

// Leave starts the agent and waits for nothing but the start of the process.
// Who else wants to start one meanwhile waits until this process ends or the
// agent serves.
func (s Starter) Leave(ctx context.Context) {
	lock := privatefile.Lock(s.Lock)
	if ok, err := lock.TryLock(); err != nil || !ok {
		return // somebody is at it
	}
	spawned := make(chan struct{})
	spawn := s.Spawn
	s.Spawn = func(ctx context.Context, log *os.File) (int, error) {
		defer close(spawned)
		return spawn(ctx, log)
	}
	ended := make(chan struct{})
	go func() { // to the end of the process, at most
		defer close(ended)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startWait)
		defer cancel()
		_ = s.start(ctx)
		_ = lock.Unlock()
	}()
	select {
	case <-spawned:
	case <-ended:
	}
}

func (s Starter) start(ctx context.Context) error {
	switch found, err := s.identity(ctx); {
	case err != nil: // none
	case s.does(found):
		return nil // somebody was quicker
	default:
		if err := s.Remote.Retire(ctx); err != nil {
			return fmt.Errorf("replace the agent: %w", err)
		}
	}
	log, err := privatefile.Open(s.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return fmt.Errorf("start the agent: %w", err)
	}
	info, err := log.Stat()
	if err != nil {
		return errors.Join(err, log.Close())
	}
	pid, err := s.Spawn(ctx, log)
	if err = errors.Join(err, log.Close()); err != nil {
		return fmt.Errorf("start the agent: %w", err)
	}
	return s.await(ctx, pid, info.Size())
}

// await polls until the agent serves. Its log, from offset on, tells when it
// has ended instead; the agent that it follows may write its last line there
// too.
func (s Starter) await(ctx context.Context, pid int, offset int64) error {
	for {
		if s.Running(ctx) {
			return nil
		}
		said := s.said(offset)
		if strings.Contains(said+"\n", endLine(pid)) {
			return &StartError{Log: s.Log, Said: said}
		}
		if retry.Sleep(ctx, 20*time.Millisecond) != nil {
			return &StartError{Log: s.Log, Said: said, Err: context.Cause(ctx)}
		}
	}
}

// endMark is in the last line that an agent writes.
const endMark = "the agent has ended"

// LogEnd writes the last line of this process's log.
func LogEnd(log *slog.Logger, err error) {
	if err != nil {
		log.Error(err.Error())
	}
	log.Info(endMark, "pid", os.Getpid())
}

// endLine is the end of the line that LogEnd writes, as slog's text has it.
func endLine(pid int) string { return fmt.Sprintf("%q pid=%d\n", endMark, pid) }

// said is the last of what the agent has written.
func (s Starter) said(offset int64) string {
	f, err := privatefile.Open(s.Log, os.O_RDONLY)
	if err != nil {
		return ""
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		offset = max(min(offset, info.Size()), info.Size()-4096)
	}
	data, err := io.ReadAll(io.NewSectionReader(f, offset, 4096))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// StartError is an agent that did not come to serve.
type StartError struct {
	Log  string
	Said string
	Err  error
}

func (e *StartError) Error() string {
	if e.Said == "" {
		return fmt.Sprintf("start the agent: it says nothing: %v", e.Err)
	}
	return "start the agent: it says:\n" + e.Said
}

func (e *StartError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *StartError) Hint() string { return "its log is " + e.Log }
