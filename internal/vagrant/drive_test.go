package vagrant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/run"
)

// script is a Runner that answers each call with the next reply.
type script struct {
	replies []reply
	calls   []run.Cmd
}

type reply struct {
	stdout, stderr string
	status         int
	err            error
	hang           bool
}

func (s *script) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	r := s.replies[min(len(s.calls), len(s.replies)-1)]
	s.calls = append(s.calls, c)
	if r.hang {
		<-ctx.Done()
		return run.Result{Status: -1}, &run.ExitError{Name: c.Name, Status: 1, Cause: context.Cause(ctx)}
	}
	for w, text := range map[io.Writer]string{c.Stdout: r.stdout, c.Stderr: r.stderr} {
		if w != nil {
			_, _ = io.WriteString(w, text)
		}
	}
	res := run.Result{Status: r.status, Stdout: []byte(r.stdout), Stderr: []byte(r.stderr)}
	if r.err == nil && r.status != 0 {
		r.err = &run.ExitError{Name: c.Name, Args: c.Args, Status: r.status, Stdout: res.Stdout, Stderr: res.Stderr}
	}
	return res, r.err
}

func errorExit(class, text string) reply {
	return reply{stdout: fmt.Sprintf("1,,ui,error,%s\n1,,error-exit,Vagrant::Errors::%s,%s\n", escape(text), class, escape(text)), status: 1}
}

var dev = Target{Machine: "dev", Provider: "libvirt"}

func TestUpFollowsTheStream(t *testing.T) {
	t.Parallel()
	s := &script{replies: []reply{{stdout: "1,dev,ui,info,Importing\nnoise\n1,dev,action,up,end\n", stderr: "warn\n"}}}
	var log bytes.Buffer
	var told []string
	v := Vagrant{Runner: s, Log: &log, OnEvent: func(e Event) { told = append(told, e.Type) }}
	if err := v.Up(t.Context(), dev, UpOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ui", "action"}, told); diff != "" {
		t.Errorf("types of the events that Up() told differ (-want +got):\n%s", diff)
	}
	for _, want := range []string{"$ vagrant up dev ", "Importing", "noise", "warn"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log of Up() = %q, want it to contain %q", log.String(), want)
		}
	}
}

func TestLockIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"MachineActionLockedError", "MachineLocked", "EnvironmentLockedError"} {
		s := &script{replies: []reply{errorExit(class, "is locked"), errorExit(class, "is locked"), {}}}
		v := Vagrant{Runner: s, LockWait: 5 * time.Second}
		if err := v.Halt(t.Context(), dev, false); err != nil || len(s.calls) != 3 {
			t.Errorf("%s: %v after %d calls, want success at the third", class, err, len(s.calls))
		}
	}
}

func TestLockWaitIsBounded(t *testing.T) {
	t.Parallel()
	s := &script{replies: []reply{errorExit("MachineLocked", "is locked")}}
	v := Vagrant{Runner: s, LockWait: 50 * time.Millisecond}
	if err := v.Destroy(t.Context(), dev); !errors.Is(err, ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := (Vagrant{Runner: s}).Reload(ctx, dev, UpOptions{}); err == nil {
		t.Error("Reload() with a context that ends = nil, want an error")
	}
}

func TestOtherErrorsAreNotRetried(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class string
		kind  error
	}{
		{"ProviderNotUsable", ErrProvider},
		{"ProviderNotFound", ErrProvider},
		{"NoDefaultProvider", ErrProvider},
		{"VirtualBoxInvalidVersion", ErrVirtualBoxVersion},
		{"SSHNotReady", ErrNotRunning},
		{"MachineNotFound", ErrNoMachine},
		{"VMBootTimeout", ErrBootTimeout},
		{"VagrantfileSyntaxError", ErrVagrantfile},
		{"BoxAddNoMatchingVersion", ErrBox},
		{"SomethingNew", nil},
	}
	for _, tt := range tests {
		s := &script{replies: []reply{errorExit(tt.class, "line one,\n  line two")}}
		err := Vagrant{Runner: s}.Provision(t.Context(), dev)
		e, ok := errors.AsType[*Error](err)
		if !ok || len(s.calls) != 1 {
			t.Errorf("Provision() with %s: error = %v after %d calls, want an *Error after one call", tt.class, err, len(s.calls))
			continue
		}
		if tt.kind != nil && !errors.Is(err, tt.kind) {
			t.Errorf("Provision() with %s: error = %v, want %v", tt.class, err, tt.kind)
		}
		if e.Hint() == "" || !strings.Contains(err.Error(), "line one, line two") {
			t.Errorf("Provision() with %s: error = %q, hint = %q, want \"line one, line two\" and a hint", tt.class, err, e.Hint())
		}
	}
}

func TestEarlyFailureSpeaksOnStderr(t *testing.T) {
	t.Parallel()
	s := &script{replies: []reply{{stderr: "Vagrant failed to initialize at a very early stage:\n\nno ruby", status: 255}}}
	err := Vagrant{Runner: s}.Validate(t.Context(), true)
	if err == nil || !strings.Contains(err.Error(), "very early stage: no ruby") {
		t.Errorf("Validate() with a message on stderr: error = %v, want \"very early stage: no ruby\"", err)
	}
	s = &script{replies: []reply{{status: 1}}}
	if err = (Vagrant{Runner: s}).Validate(t.Context(), false); err == nil || !strings.Contains(err.Error(), "without a word") {
		t.Errorf("Validate() with status 1 and no output: error = %v, want \"without a word\"", err)
	}
	s = &script{replies: []reply{{stdout: "1,,ui,error,only said\n", status: 1}}}
	if err = (Vagrant{Runner: s}).Validate(t.Context(), false); err == nil || !strings.Contains(err.Error(), "only said") {
		t.Errorf("Validate() with an error in a ui event: error = %v, want \"only said\"", err)
	}
}

func TestHangingQuery(t *testing.T) {
	t.Parallel()
	s := &script{replies: []reply{{hang: true}}}
	v := Vagrant{Runner: s, QueryTimeout: 20 * time.Millisecond, VersionTimeout: 20 * time.Millisecond}
	_, statusErr := v.Status(t.Context(), dev)
	_, versionErr := v.Version(t.Context())
	_, configErr := v.SSHConfig(t.Context(), dev)
	_, pluginErr := v.Plugins(t.Context())
	for _, err := range []error{statusErr, versionErr, configErr, pluginErr} {
		e, ok := errors.AsType[*Error](err)
		if !errors.Is(err, ErrHung) || !ok || e.Hint() == "" {
			t.Errorf("error %v, want ErrHung with a hint", err)
		}
	}
	// The user's own interrupt is not a hang.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Status(ctx, dev); errors.Is(err, ErrHung) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled only", err)
	}
}

func TestNoVagrant(t *testing.T) {
	t.Parallel()
	s := &script{replies: []reply{{err: &run.NotFoundError{Name: "vagrant", Err: exec.ErrNotFound}}}}
	_, err := Vagrant{Runner: s}.Version(t.Context())
	e, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, exec.ErrNotFound) || !strings.Contains(e.Hint(), "install Vagrant") {
		t.Errorf("Version() without Vagrant: error = %v, want exec.ErrNotFound and a hint to install Vagrant", err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		out, want string
		kind      error
	}{
		{out: "Vagrant 2.3.4\n", want: "2.3.4"},
		{out: "warning: gem\r\nVagrant 2.4.9\r\n", want: "2.4.9"},
		{out: "Vagrant 2.4.10.dev\n", want: "2.4.10"},
		{out: "", kind: ErrRubbish},
		{out: "\x00\xff\xfe rubbish", kind: ErrRubbish},
		{out: "Vagrant two\n" + strings.Repeat("x", 500), kind: ErrRubbish},
		{out: "Vagrant 99999999999999999999.1.1\n", kind: ErrRubbish},
	}
	for _, tt := range tests {
		got, err := Vagrant{Runner: &script{replies: []reply{{stdout: tt.out}}}}.Version(t.Context())
		if tt.kind != nil {
			if !errors.Is(err, tt.kind) {
				t.Errorf("%q: error %v, want %v", tt.out, err, tt.kind)
			}
			continue
		}
		if err != nil || got.String() != tt.want {
			t.Errorf("Version() of %q = %v, %v, want %s", tt.out, got, err, tt.want)
		}
	}
}

func TestCheckVersion(t *testing.T) {
	t.Parallel()
	tests := []struct {
		version string
		plugins bool
		want    error
	}{
		{"2.3.4", false, nil},
		{"2.2.19", false, ErrTooOld},
		{"2.4.2", false, nil},
		{"2.4.2", true, ErrKnownBad},
		{"2.4.9", true, nil},
	}
	for _, tt := range tests {
		v, err := parseVersion([]byte("Vagrant " + tt.version + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(v, tt.plugins); !errors.Is(err, tt.want) || (tt.want == nil) != (err == nil) {
			t.Errorf("%s, plugins %v: %v, want %v", tt.version, tt.plugins, err, tt.want)
		}
	}
}

func TestSSHGivesTheRemoteStatus(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &script{replies: []reply{{stdout: "hi", status: 42}}}
	status, err := Vagrant{Runner: s}.SSH(t.Context(), dev, "x", false, nil, &out, io.Discard)
	if status != 42 || err != nil || out.String() != "hi" {
		t.Errorf("SSH() = status %d, %v, output %q, want 42, no error, \"hi\"", status, err, out.String())
	}
	s = &script{replies: []reply{{err: &run.NotFoundError{Name: "vagrant", Err: exec.ErrNotFound}}}}
	if _, err = (Vagrant{Runner: s}).SSH(t.Context(), dev, "x", false, nil, &out, io.Discard); err == nil {
		t.Error("SSH() without Vagrant: error = nil, want an error")
	}
}
