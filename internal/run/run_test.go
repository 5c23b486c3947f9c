package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/waittest"
)

// The test binary is its own set of child programs: role comes in argv.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "child" {
		os.Exit(child(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

// untold is after what a child ends by itself: longer than any test waits.
const untold = 10 * time.Minute

func child(role string, args []string) int {
	switch role {
	case "exit":
		n, _ := strconv.Atoi(args[0])
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "first\nlast words")
		return n
	case "env":
		fmt.Print(strings.Join(os.Environ(), "\n"))
	case "cat":
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			return 1
		}
	case "flood":
		for i := range 10000 {
			fmt.Printf("line %d\n", i)
		}
	case "polite", "stubborn", "parent":
		return waitForSignal(role)
	case "leak": // leaves a process behind that holds stdout open
		c := exec.Command(os.Args[0], "child", "sleep")
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			return 1
		}
		fmt.Println(c.Process.Pid)
	case "sleep":
		time.Sleep(untold)
	case "dir":
		d, _ := os.Getwd()
		fmt.Print(d)
	case "touch":
		if os.WriteFile(args[0], []byte("here"), 0o600) != nil {
			return 1
		}
	}
	return 0
}

func waitForSignal(role string) int {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	if role == "parent" { // its child ignores the interrupt too, and says when it is ready to
		c := exec.Command(os.Args[0], "child", "stubborn")
		c.Stdout = os.Stdout
		if err := c.Start(); err != nil {
			return 1
		}
	} else {
		fmt.Printf("pid %d\nready\n", os.Getpid())
	}
	for {
		select {
		case <-ch:
			fmt.Println("got interrupt")
			if role == "polite" {
				return 7
			}
		case <-time.After(untold):
			return 9
		}
	}
}

func command(role string, args ...string) run.Cmd {
	return run.Cmd{Name: os.Args[0], Args: append([]string{"child", role}, args...), Env: testEnv()}
}

// testEnv carries what the coverage of a child and Windows' loader need.
func testEnv() []string {
	var env []string
	for _, k := range []string{"GOCOVERDIR", "SystemRoot", "TEMP", "TMP"} {
		if v, ok := os.LookupEnv(k); ok {
			env = append(env, k+"="+v)
		}
	}
	return env
}

func TestStatusAndTailReachTheError(t *testing.T) {
	t.Parallel()
	res, err := run.Runner{}.Run(t.Context(), command("exit", "42"))
	exit, ok := errors.AsType[*run.ExitError](err)
	if !ok {
		t.Fatalf("error %v (%T), want *run.ExitError", err, err)
	}
	if exit.Status != 42 || res.Status != 42 {
		t.Errorf("status %d in the error, %d in the result, want 42", exit.Status, res.Status)
	}
	if !strings.HasSuffix(err.Error(), "child: exit status 42: last words") {
		t.Errorf("Run(exit 42): error = %q, want it to end with the last line of stderr", err)
	}
	if got := string(exit.Stdout); got != "to stdout\n" {
		t.Errorf("Run(exit 42): stdout kept = %q, want %q", got, "to stdout\n")
	}
	if _, err := (run.Runner{}).Run(t.Context(), command("exit", "0")); err != nil {
		t.Errorf("Run(exit 0): error = %v, want none", err)
	}
}

func TestEnvironmentIsOnlyWhatWasGiven(t *testing.T) {
	t.Setenv("FBDOCK_TEST_INHERITED", "1")
	c := command("env")
	c.Env = append(c.Env, "A=b c")
	res, err := run.Runner{}.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(res.Stdout); !strings.Contains(got, "A=b c") || strings.Contains(got, "INHERITED") {
		t.Errorf("Run() with A in Env: environment %q, want A and nothing inherited", got)
	}
	c.Env = nil
	if res, err = (run.Runner{}).Run(t.Context(), c); err != nil || strings.Contains(string(res.Stdout), "INHERITED") {
		t.Errorf("Run() with a nil Env: error = %v, environment %q, want nothing inherited", err, res.Stdout)
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	var traced []string
	r := run.Runner{Keep: 100, Trace: func(c run.Cmd) { traced = append(traced, c.String()) }}
	var out bytes.Buffer
	c := command("cat")
	c.Stdin, c.Stdout, c.Dir = strings.NewReader("a\x00b\xff"), &out, folder(t)
	if _, err := r.Run(t.Context(), c); err != nil || out.String() != "a\x00b\xff" {
		t.Errorf("Run(cat): error = %v, output %q, want %q", err, out.String(), "a\x00b\xff")
	}
	res, err := r.Run(t.Context(), command("flood"))
	if err != nil || len(res.Stdout) != 100 || !res.Truncated || !bytes.HasSuffix(res.Stdout, []byte("line 9999\n")) {
		t.Errorf("Run(flood): error = %v, truncated = %v, output %q, want the last 100 bytes", err, res.Truncated, res.Stdout)
	}
	if len(traced) != 2 || !strings.HasSuffix(traced[0], " child cat") {
		t.Errorf("Trace got %q, want 2 commands, first child cat", traced)
	}
}

func TestDirIsWhereItRuns(t *testing.T) {
	t.Parallel()
	c := command("dir")
	c.Dir, _ = filepath.EvalSymlinks(folder(t))
	if res, err := (run.Runner{}).Run(t.Context(), c); err != nil || string(res.Stdout) != c.Dir {
		t.Errorf("ran in %q (%v), want %q", res.Stdout, err, c.Dir)
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	noExec := filepath.Join(folder(t), "data")
	if err := os.WriteFile(noExec, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"fbdock-no-such-program", "/nowhere/at/all", noExec} {
		_, err := run.Runner{}.Run(t.Context(), run.Cmd{Name: name})
		if nf, ok := errors.AsType[*run.NotFoundError](err); !ok || nf.Name != name {
			t.Errorf("%s: %v (%T), want *run.NotFoundError", name, err, err)
		}
		if _, err := (run.Runner{}).Detach(t.Context(), run.Cmd{Name: name}); err == nil {
			t.Errorf("Detach(%s): no error, want one", name)
		}
	}
	if _, err := run.LookPath("fbdock-no-such-program"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("LookPath(): error = %v, want exec.ErrNotFound", err)
	}
	if p, err := run.LookPath(os.Args[0]); err != nil || p == "" {
		t.Errorf("LookPath(%s) = %q, %v, want a path", os.Args[0], p, err)
	}
}

func TestEndedContextStartsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("told so")
	cancel(cause)
	mark := filepath.Join(folder(t), "mark")
	if _, err := (run.Runner{}).Run(ctx, command("touch", mark)); !errors.Is(err, cause) {
		t.Errorf("error %v, want the cause", err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("Run() with a cancelled context ran the program, want it not started")
	}
}

// A background program that holds the pipe must not hold us.
func TestLeakedPipeDoesNotHang(t *testing.T) {
	t.Parallel()
	began := time.Now()
	res, err := run.Runner{}.Run(t.Context(), command("leak"))
	if err != nil {
		t.Fatalf("Run() of a program that leaks a pipe: error = %v, want none", err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("Run() of a program that leaks a pipe took %v, want a minute or less", took)
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(res.Stdout))); err == nil {
		if p, err := os.FindProcess(pid); err == nil {
			_ = p.Kill()
		}
	}
}

func TestDetachOutlivesTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	mark := filepath.Join(folder(t), "mark")
	pid, err := run.Runner{Trace: func(run.Cmd) {}}.Detach(ctx, command("touch", mark))
	cancel()
	if err != nil || pid <= 0 {
		t.Fatalf("Detach(touch) = %d, %v, want a process id", pid, err)
	}
	if !waittest.Poll(func() bool {
		_, err := os.Stat(mark)
		return err == nil
	}) {
		t.Errorf("Detach(touch): no file %s in %v, want one", mark, waittest.Limit)
	}
}

func TestDetachRefusesPipes(t *testing.T) {
	t.Parallel()
	c := command("sleep")
	c.Stdout = io.Discard
	if _, err := (run.Runner{}).Detach(t.Context(), c); err == nil {
		t.Error("Detach() with a writer that is no file: no error, want one")
	}
}

func TestCmdString(t *testing.T) {
	t.Parallel()
	c := run.Cmd{Name: "vagrant", Args: []string{"ssh", "-c", "it's $HOME", ""}}
	if got, want := c.String(), `vagrant ssh -c 'it'\''s $HOME' ''`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// folder is a folder of the test's own. Wine cannot remove files in the way
// that testing's own TempDir insists on, which is not what is tested.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fbdock-run-") //nolint:usetesting // as told above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
