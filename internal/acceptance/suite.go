package acceptance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// Options say what is judged and with what.
type Options struct {
	// Program is the fbdock program, an absolute path.
	Program string
	// Dir is an empty folder for the project, without links.
	Dir string
	// Env is the environment of fbdock and ssh.
	Env []string
	// Host is an external host, as ssh://user@address; its user may use sudo
	// without a password. "" takes Machine.
	Host string
	// Machine is what stands in the machine block when there is no Host: the
	// provider, the box.
	Machine string
	// Engine is what stands in the engine block, such as the image.
	Engine string
	// Image is a container image with busybox in it; Archive is a file that
	// `docker load` reads it from, "" pulls it.
	Image, Archive string
	// Helper is this program built for Linux on the engine's processor. It is
	// the UDP server in a container; "" leaves those steps out.
	Helper string
	// Reboot allows a reboot of FreeBSD.
	Reboot bool
	// Slow multiplies every timeout; 1 is a computer of today.
	Slow float64
	// Sabotage has, by the name of a step, what is broken before it. It shows
	// that the step notices. A value is freebsd:SCRIPT, engine:SCRIPT or
	// docker:ARGUMENTS.
	Sabotage map[string]string
	// Repair has, by the name of a step, what is done after it, so that what
	// was broken for one step does not fail those after it.
	Repair map[string]string
	// Skip are the names of steps that are left out.
	Skip []string
	// Log is told what goes on.
	Log io.Writer
}

// Status is how a step ended.
type Status string

// The ends of a step.
const (
	Pass   Status = "pass"
	Fail   Status = "fail"
	NotRun Status = "not run"
)

// Result is one line of the report.
type Result struct {
	Step    string  `json:"step"`
	Status  Status  `json:"status"`
	Seconds float64 `json:"seconds"`
	// Seen is what was seen, or why it failed.
	Seen string `json:"seen"`
}

// step is one thing that is judged.
type step struct {
	name string
	// minutes is its timeout on a computer of today.
	minutes float64
	run     func(context.Context, *session) (seen string, err error)
	// vital has the steps after it not run when it fails.
	vital bool
	// always runs it whatever failed before, and after the run was cancelled:
	// it removes what was made.
	always bool
}

// notRunError ends a step that does not apply; its text is the reason.
type notRunError struct{ reason string }

func (e *notRunError) Error() string { return e.reason }

// session is a run of the suite.
type session struct {
	Options
	runner run.Runner
	// before is the listing of FreeBSD before anything was changed.
	before []string
	// sums are the checksums of what has to be kept.
	sums string
}

// Steps are the names of all steps, in their order.
func Steps() []string {
	var names []string
	for _, s := range steps() {
		names = append(names, s.name)
	}
	return names
}

// Run judges the machine. Its error is of the suite itself; a step that fails
// is a result.
func Run(ctx context.Context, o Options) ([]Result, error) {
	if err := o.known(); err != nil {
		return nil, err
	}
	s := &session{Options: o, runner: run.Runner{Keep: 1 << 20}}
	if err := s.configure(); err != nil {
		return nil, err
	}
	var results []Result
	var logged error
	stopped := ""
	for _, one := range steps() {
		result := Result{Step: one.name, Status: NotRun, Seen: stopped}
		switch {
		case slices.Contains(o.Skip, one.name):
			result.Seen = "left out"
		case one.always:
			result = s.judge(context.WithoutCancel(ctx), one)
		case stopped == "":
			result = s.judge(ctx, one)
		}
		if one.vital && result.Status == Fail {
			stopped = "step " + one.name + " failed"
		}
		if ctx.Err() != nil {
			stopped = "the run was cancelled"
		}
		results = append(results, result)
		// A log that cannot be written to leaves no machine behind.
		_, err := fmt.Fprintf(o.Log, "%-24s %-8s %7.1f s  %s\n", result.Step, result.Status, result.Seconds, untrusted.FirstLine(result.Seen))
		logged = errors.Join(logged, err)
	}
	return results, errors.Join(context.Cause(ctx), logged)
}

// known refuses names of steps that there are not, and leaves in what removes
// the machine.
func (o Options) known() error {
	names := slices.Concat(slices.Collect(maps.Keys(o.Sabotage)), slices.Collect(maps.Keys(o.Repair)), o.Skip)
	for _, name := range names {
		if !slices.Contains(Steps(), name) {
			return fmt.Errorf("there is no step %q: the steps are %s", name, strings.Join(Steps(), ", "))
		}
	}
	if slices.Contains(o.Skip, destroyStep) {
		return fmt.Errorf("step %s cannot be left out", destroyStep)
	}
	return nil
}

// judge runs one step, with what is broken before it and repaired after it.
func (s *session) judge(ctx context.Context, one step) Result {
	result := s.judgeBroken(ctx, one)
	what, ok := s.Repair[one.name]
	if !ok {
		return result
	}
	ctx, cancel := context.WithTimeout(ctx, s.minutes(one.minutes))
	defer cancel()
	if err := s.sabotage(ctx, what); err != nil {
		result.Status = Fail
		result.Seen += "\nthe repair failed: " + untrusted.Printable(err.Error())
	}
	return result
}

func (s *session) judgeBroken(ctx context.Context, one step) Result {
	ctx, cancel := context.WithTimeoutCause(ctx, s.minutes(one.minutes), fmt.Errorf("not done within %s", s.minutes(one.minutes)))
	defer cancel()
	began := time.Now()
	if broken, ok := s.Sabotage[one.name]; ok {
		if err := s.sabotage(ctx, broken); err != nil {
			return Result{Step: one.name, Status: Fail, Seen: "the sabotage itself failed: " + untrusted.Printable(err.Error())}
		}
	}
	seen, err := one.run(ctx, s)
	result := Result{Step: one.name, Status: Pass, Seconds: time.Since(began).Seconds(), Seen: untrusted.Printable(seen)}
	if err != nil {
		result.Status = Fail
		if _, ok := errors.AsType[*notRunError](err); ok {
			result.Status = NotRun
		}
		result.Seen = untrusted.Printable(err.Error())
	}
	return result
}

// minutes is a timeout on the computer that is judged.
func (s *session) minutes(n float64) time.Duration {
	return time.Duration(n * max(s.Slow, 1) * float64(time.Minute))
}

func (s *session) sabotage(ctx context.Context, what string) error {
	where, script, _ := strings.Cut(what, ":")
	var err error
	switch where {
	case "freebsd":
		_, err = s.freebsd(ctx, script)
	case "engine":
		_, err = s.engine(ctx, script)
	case "docker":
		_, err = s.docker(ctx, strings.Fields(script)...)
	default:
		err = fmt.Errorf("%q is not freebsd:SCRIPT, engine:SCRIPT or docker:ARGUMENTS", what)
	}
	return err
}
