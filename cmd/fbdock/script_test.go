package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/run/runtest"
	"github.com/fbdock/fbdock/internal/waittest"
	"github.com/fbdock/fbdock/platforms"
)

func TestMain(m *testing.M) {
	// A background job of a shell ignores SIGINT, and all that it starts inherits
	// that: Ctrl-C would do nothing in the scripts.
	if signal.Ignored(os.Interrupt) {
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
	testscript.Main(m, map[string]func(){
		"fbdock":     withTimeouts,
		"vagrant":    fakeVagrant,
		"pipesshd":   pipeSSHD,
		"exits":      exits,
		"askdocker":  askDocker,
		"hostdocker": hostDocker,
		"atty":       atTerminal,
	})
}

// TestScript runs the scripts of testdata/script: fbdock at its command
// line, with a vagrant that behaves as FAKE_VAGRANT says. "machine" is one
// that makes machines; scene says what goes wrong with them.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, scripts("testdata/script"))
}

func scripts(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			runtest.AwaitStarts() // the script's files hold programs
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, "cache"))
			// Short: a socket lies below it.
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "s"))
			env.Setenv("FBDOCK_AGENT", "off") // it would outlive the script
			env.Setenv("NO_COLOR", "1")
			env.Setenv("FBDOCK_DOCKER_CLI", "guest") // whatever docker this host has
			env.Setenv("BIN", filepath.SplitList(env.Getenv("PATH"))[0])
			hosts, err := filepath.Abs("../../testdata/hosts")
			if err != nil {
				return err
			}
			env.Setenv("HOSTS", hosts)
			if err := os.Mkdir(filepath.Join(env.WorkDir, "home"), 0o700); err != nil {
				return err
			}
			w, err := newWorld(env.WorkDir)
			if err != nil {
				return err
			}
			env.Defer(w.close)
			env.Defer(func() { endAgents(env.WorkDir) })
			env.Values[worldKey{}] = w
			env.Setenv("FAKE_WORLD", w.address())
			images, certificate := serveImages(env.WorkDir)
			env.Defer(images.Close)
			env.Setenv("IMAGES", images.Listener.Addr().String())
			env.Setenv("IMAGES_CA", certificate)
			attacker := serveAttack(env.WorkDir)
			env.Defer(attacker.Close)
			env.Setenv("ATTACKER", attacker.Listener.Addr().String())
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"scene": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(ts.Value(worldKey{}).(*world).scene(ts, args))
			},
			"await": await,
			"endagents": func(ts *testscript.TestScript, _ bool, _ []string) {
				if endAgents(ts.Getenv("WORK")) == 0 {
					ts.Fatalf("no agent runs")
				}
			},
			"opens":       opens,
			"sentimage":   sentImage,
			"project":     kept,
			"cloudimage":  cloudImage,
			"alpineimage": alpineImage,
			"signimage":   signImage,
			"registry":    serveRegistry,
		},
	}
}

type worldKey struct{}

// kept sets P to the directory of what is kept of a project, and fails when
// there is none: project [FOLDER].
func kept(ts *testscript.TestScript, neg bool, args []string) {
	folder := ts.MkAbs(".")
	if len(args) > 0 {
		folder = ts.MkAbs(args[0])
	}
	dir := projectOf(filepath.Join(ts.Getenv("XDG_STATE_HOME"), "fbdock"), folder)
	if (dir == "") != neg {
		ts.Fatalf("what is kept of %s: %q", folder, dir)
	}
	ts.Setenv("P", dir)
}

func projectOf(home, folder string) string {
	records, err := filepath.Glob(filepath.Join(home, "projects", "*", "project.json"))
	if err != nil {
		return ""
	}
	for _, file := range records {
		var r struct{ Path string }
		if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &r) == nil && r.Path == folder {
			return filepath.Dir(file)
		}
	}
	return ""
}

// await waits until a file has a line: await FILE PATTERN.
func await(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	if !waittest.Poll(func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && want.Match(text)
	}) {
		ts.Fatalf("%s has no line like %s within %v", args[0], args[1], waittest.Limit)
	}
}

// withTimeouts is fbdock with the timeouts that FBDOCK_TEST_ENGINE and
// FBDOCK_TEST_VAGRANT give it: nobody waits 15 minutes for a test. The facts
// are those of a recorded host when FBDOCK_TEST_HOST names one.
func withTimeouts() {
	p := program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), version: "0.1.0",
		askFor: timeout("FBDOCK_TEST_VAGRANT"),
	}
	p.tune = func(o *project.Options) {
		o.Timeouts = host.Timeouts{
			Engine: timeout("FBDOCK_TEST_ENGINE"), Watch: timeout("FBDOCK_TEST_WATCH"),
			Boot: timeout("FBDOCK_TEST_BOOT"), Settle: timeout("FBDOCK_TEST_SETTLE"), Command: timeout("FBDOCK_TEST_COMMAND"),
			VagrantVersion: timeout("FBDOCK_TEST_VAGRANT"), VagrantQuery: timeout("FBDOCK_TEST_VAGRANT"),
			VagrantLock: timeout("FBDOCK_TEST_VAGRANT"), Project: 200 * time.Millisecond, Download: time.Millisecond,
		}
		if file := os.Getenv("FBDOCK_TEST_HOST"); file != "" {
			facts := recorded(file)
			o.HostFacts, o.OS = project.HostOf(facts), facts.OS
			o.Facts = func(context.Context) (platforms.Facts, error) { return facts, nil }
		}
		o.Catalogue = known{o.Catalogue}
		o.Today = time.Date(2026, time.November, 28, 0, 0, 0, 0, time.UTC)
		if host := os.Getenv("FBDOCK_TEST_IMAGES"); host != "" {
			o.Catalogue = elsewhere{o.Catalogue, host}
			o.FreeBSD = "https://" + host
		}
	}
	os.Exit(p.main(context.Background(), os.Args))
}

// known is a catalogue that lists the box of the tests.
type known struct{ plan.Catalogue }

func (k known) Box(provider, architecture, name string) (plan.Box, error) {
	b, err := k.Catalogue.Box(provider, architecture, name)
	b.Listed = b.Listed || name == "nothing:latest"
	return b, err
}

// Image has no signer but one of the test, whose key is on the server of images.
func (k known) Image(name, architecture string) (plan.Image, error) {
	i, err := k.Catalogue.Image(name, architecture)
	i.Signer = nil
	if fingerprint := os.Getenv("FBDOCK_TEST_SIGNER"); fingerprint != "" {
		i.Signer = &boxes.Signer{Key: "https://" + os.Getenv("IMAGES") + "/signer.asc", Fingerprint: fingerprint}
	}
	return i, err
}

// elsewhere is a catalogue whose images lie on a server of the test.
type elsewhere struct {
	plan.Catalogue
	host string
}

func (e elsewhere) Image(name, architecture string) (plan.Image, error) {
	i, err := e.Catalogue.Image(name, architecture)
	if err == nil {
		i.URLs, i.SHA512 = []string{"https://" + e.host + "/" + name + ".qcow2"}, ""
		i.Mirrors = []string{"https://" + e.host}
	}
	return i, err
}

func recorded(file string) platforms.Facts {
	var host struct{ Facts platforms.Facts }
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &host)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "host:", err)
		os.Exit(1)
	}
	return host.Facts
}

func timeout(variable string) time.Duration {
	d, err := time.ParseDuration(os.Getenv(variable))
	if err != nil {
		return 0
	}
	return d
}

// exits runs a program and succeeds when it ends with the status wanted:
// exits STATUS PROGRAM ARGS. An interrupt is handed on.
func exits() {
	cmd := exec.Command(os.Args[2], os.Args[3:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "exits:", err)
		os.Exit(1)
	}
	go func() {
		for s := range interrupts {
			_ = cmd.Process.Signal(s)
		}
	}()
	err := cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended {
		fmt.Fprintln(os.Stderr, "exits:", err)
		os.Exit(1)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != os.Args[1] {
		fmt.Fprintf(os.Stderr, "exits: status %s, want %s\n", got, os.Args[1])
		os.Exit(1)
	}
}
