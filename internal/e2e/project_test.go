//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// project is a folder with an fbdock.hcl whose machine runs on the lab.
type project struct {
	dir    string
	binary string
	env    []string
	plain  bool   // a former fbdock, which asks for no consent
	place  string // of the engine, "" for nested
}

// result is what a run of fbdock left.
type result struct {
	status         int
	stdout, stderr string
}

// newProject writes a configuration with the lab's machine dev; more goes
// into its block.
func newProject(t *testing.T, more string) *project {
	t.Helper()
	return newPlaced(t, nested, more)
}

// The places of an engine: in the container that plays FreeBSD, or beside it in
// one of its own.
const (
	nested  = "nested"
	sibling = "sibling"
)

// inBothPlaces runs a test once for each place of the engine.
func inBothPlaces(t *testing.T, test func(t *testing.T, place string)) {
	for _, place := range []string{nested, sibling} {
		t.Run(place, func(t *testing.T) { test(t, place) })
	}
}

// newPlaced is newProject with the place of the engine.
func newPlaced(t *testing.T, place, more string) *project {
	t.Helper()
	if place == sibling && os.Getenv("FBDOCK_LAB_SIBLING") == "" {
		t.Fatal("environment variable FBDOCK_LAB_SIBLING is empty, want the disk of an engine beside FreeBSD; run these tests by `make e2e`")
	}
	for _, name := range []string{"FBDOCK", "FBDOCK_LAB_IMAGE", "FBDOCK_LAB_BUSYBOX", "DOCKER_HOST"} {
		if os.Getenv(name) == "" {
			t.Fatalf("environment variable %s is empty, want it set; run these tests by `make e2e`", name)
		}
	}
	p := &project{dir: t.TempDir(), binary: os.Getenv("FBDOCK"), env: append(os.Environ(), "FBDOCK_DOCKER_CLI=guest"), place: place}
	p.configure(t, labBox, "", more)
	return p
}

// labBox is the container image that the lab has made.
const labBox = "fbdock-lab:latest"

// configure writes the configuration anew; engine goes into that block.
func (p *project) configure(t *testing.T, box, engine, more string) {
	t.Helper()
	if p.place == sibling {
		engine += "    placement = \"sibling\"\n    image = env(\"FBDOCK_LAB_SIBLING\")\n"
	}
	if !strings.Contains(engine, "image ") {
		engine += "    image = env(\"FBDOCK_LAB_IMAGE\")\n"
	}
	config := "machine \"dev\" {\n  provider = \"docker\"\n  box      = \"" + box + "\"\n  engine {\n    disk = \"8GiB\"\n" + engine + "  }\n" + more + "}\n"
	if err := os.WriteFile(filepath.Join(p.dir, "fbdock.hcl"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

// destroyAtEnd leaves no machine behind.
func (p *project) destroyAtEnd(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if r := p.run(t, "destroy", "--yes"); r.status != 0 {
			t.Errorf("fbdock destroy --yes = status %d, want 0\n%s", r.status, r.stderr)
		}
	})
}

// private is the project's directory in the state directory, where a file of
// it is named.
func (p *project) private(t *testing.T, elem ...string) string {
	t.Helper()
	var all []struct{ Folder, Directory string }
	if err := json.Unmarshal([]byte(p.must(t, "list", "--all", "--json").stdout), &all); err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if here, err := os.Stat(p.dir); err == nil {
			if there, err := os.Stat(one.Folder); err == nil && os.SameFile(here, there) {
				return filepath.Join(append([]string{one.Directory}, elem...)...)
			}
		}
	}
	t.Fatalf("fbdock list --all --json = %+v, want a project in %s", all, p.dir)
	return ""
}

func (p *project) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.binary, p.allowed(args)...)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

// allowed lets a project reach the lab's own box and images.
func (p *project) allowed(args []string) []string {
	if !p.plain && len(args) > 0 && (args[0] == "up" || args[0] == "reload") {
		return append([]string{args[0], "--allow-reach"}, args[1:]...)
	}
	return args
}

func (p *project) run(t *testing.T, args ...string) result {
	t.Helper()
	// A cleanup runs after the test's own context has ended.
	cmd := exec.Command(p.binary, p.allowed(args)...)
	cmd.Dir, cmd.Env = p.dir, p.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return result{exitStatus(err), stdout.String(), stderr.String()}
}

func (p *project) must(t *testing.T, args ...string) result {
	t.Helper()
	r := p.run(t, args...)
	if r.status != 0 {
		t.Fatalf("fbdock %s = status %d, want 0\n%s%s", strings.Join(args, " "), r.status, r.stdout, r.stderr)
	}
	return r
}

// up brings the machine up and tells how long each phase took.
func (p *project) up(t *testing.T) result {
	t.Helper()
	out := p.must(t, "up", "--json")
	var machines []struct {
		Phases []struct {
			Name    string
			Elapsed time.Duration `json:"elapsed_ns"`
		}
	}
	if err := json.Unmarshal([]byte(out.stdout), &machines); err != nil {
		t.Fatalf("fbdock up --json = %q, want JSON: %v", out.stdout, err)
	}
	var table strings.Builder
	var total time.Duration
	for _, m := range machines {
		for _, phase := range m.Phases {
			total += phase.Elapsed
			fmt.Fprintf(&table, "  %-24s %7.1f s\n", phase.Name, phase.Elapsed.Seconds())
		}
	}
	t.Logf("phases of up:\n%s  %-24s %7.1f s", table.String(), "in all", total.Seconds())
	return out
}

// loadBusybox gives the engine the image that the tests run, as there is no
// registry to pull it from.
func (p *project) loadBusybox(t *testing.T) {
	t.Helper()
	image, err := os.Open(os.Getenv("FBDOCK_LAB_BUSYBOX"))
	if err != nil {
		t.Fatal(err)
	}
	defer image.Close()
	cmd := p.command(t, "docker", "load")
	cmd.Stdin = image
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker load: %v, want exit status 0\n%s", err, out)
	}
}

func exitStatus(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}
