//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// conformance is one command line, run by sh: with plain docker on this host
// and a dockerd of the engine's age there, and through fbdock with the CLI of the host and that of
// the guest. D is the command, N a name that is each one's own.
type conformance struct {
	// in is the folder: none of the mounts, one that the guests have at another
	// path, or one that they have at the same.
	in   string
	line string
	env  []string
}

// way is one of the ways to run a docker command.
type way struct {
	name, docker string
	env          []string
}

// TestConformance compares what a user sees of docker commands: standard
// output, standard error, status and files.
func TestConformance(t *testing.T) { inBothPlaces(t, conformanceIn) }

func conformanceIn(t *testing.T, place string) {
	const docker = "/usr/bin/docker" // of the version that the guest has as well
	if _, err := os.Stat(docker); err != nil {
		t.Skip("no " + docker + ", the package docker.io, to compare with")
	}
	if os.Getenv("FBDOCK_LAB_PLAIN") == "" {
		t.Fatal("FBDOCK_LAB_PLAIN, the dockerd to compare with, is not set: eval \"$(testdata/lab/lab env)\"")
	}
	p := newPlaced(t, place, "  mount \"moved\" { target = \"/elsewhere\" }\n  mount \"same\" {}\n")
	base := without(p.env, "FBDOCK_DOCKER_CLI", "DOCKER_CONTEXT", "DOCKER_CONFIG", "PATH")
	base = append(base, "PATH=/usr/bin:/bin:/usr/sbin:/sbin", "DOCKER_CONFIG="+t.TempDir(), "FBDOCK="+p.binary)
	for _, dir := range []string{"moved", "same"} {
		if err := os.Mkdir(filepath.Join(p.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.destroyAtEnd(t)
	up(t, p)
	through := func(cli string) way {
		return way{name: cli, docker: p.binary + " docker", env: append(slices.Clone(base), "FBDOCK_DOCKER_CLI="+cli)}
	}
	plain := way{name: "plain", docker: docker, env: append(without(base, "DOCKER_HOST"), "DOCKER_HOST="+os.Getenv("FBDOCK_LAB_PLAIN"))}
	ways := []way{plain, through("host"), through("guest")}
	c := &conformanceTest{project: p, ways: ways}
	c.prepare(t)
	lines := dockerLines()
	if c.compose(t, base) {
		lines = append(lines, composeLines()...)
	}
	for i, line := range lines {
		t.Run(fmt.Sprintf("%02d", i+1), func(t *testing.T) { c.compare(t, line) })
	}
}

type conformanceTest struct {
	*project
	ways []way
}

// prepare gives plain docker the image, and each way its files.
func (c *conformanceTest) prepare(t *testing.T) {
	t.Helper()
	plain := c.ways[0]
	for _, script := range []string{plain.docker + " load -qi " + os.Getenv("FBDOCK_LAB_BUSYBOX")} {
		if out := c.sh(t, plain, "", script, nil); out.status != 0 {
			t.Fatalf("%s = status %d, want 0: %s", script, out.status, out.stderr)
		}
	}
	t.Cleanup(func() {
		c.sh(t, plain, "", "$D ps -aq --filter name=conf-plain | xargs -r $D rm -f; $D images -q 'conf-plain*' | xargs -r $D rmi -f; $D network ls -q --filter name=conf-plain | xargs -r $D network rm; $D volume ls -q --filter name=conf-plain | xargs -r $D volume rm", nil)
	})
	for _, w := range c.ways {
		for _, in := range []string{none, moved, beside} {
			dir := c.folder(w, in)
			for name, text := range conformanceFiles {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink("d/a", filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// compose gives the host and the guest the compose plugin that `make
// clients-e2e` builds. Debian has none.
func (c *conformanceTest) compose(t *testing.T, base []string) bool {
	t.Helper()
	plugin := filepath.Join(os.Getenv("FBDOCK_CLIENTS"), "docker-compose")
	file, err := os.Open(plugin)
	if os.Getenv("FBDOCK_CLIENTS") == "" || err != nil {
		t.Log("without the lines of compose: FBDOCK_CLIENTS names no folder with docker-compose, which `make clients-e2e` builds")
		return false
	}
	defer file.Close()
	for _, pair := range base {
		if config, ok := strings.CutPrefix(pair, "DOCKER_CONFIG="); ok {
			if err := os.MkdirAll(filepath.Join(config, "cli-plugins"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(plugin, filepath.Join(config, "cli-plugins", "docker-compose")); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := c.command(t, "exec", "-i", "--", "sh", "-c", "mkdir -p ~/.docker/cli-plugins && cat >~/.docker/cli-plugins/docker-compose && chmod 755 ~/.docker/cli-plugins/docker-compose")
	cmd.Stdin = file
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("install the compose plugin in the guest: %v, want exit status 0\n%s", err, out)
	}
	return true
}

// folder is where a line runs.
func (c *conformanceTest) folder(w way, in string) string {
	return filepath.Join(c.dir, in, "conf-"+w.name)
}

func (c *conformanceTest) sh(t *testing.T, w way, dir, line string, env []string) result {
	t.Helper()
	cmd := exec.Command("sh", "-c", line) // the cleanup's as well
	cmd.Dir = dir
	cmd.Env = append(append(slices.Clone(w.env), "D="+w.docker, "N=conf-"+w.name), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	return result{exitStatus(err), stdout.String(), stderr.String()}
}

// compare runs a line in each way.
func (c *conformanceTest) compare(t *testing.T, line conformance) {
	var want string
	for i, w := range c.ways {
		dir := c.folder(w, line.in)
		out := c.sh(t, w, dir, line.line, line.env)
		got := fmt.Sprintf("status %d\nstdout:\n%sstderr:\n%sfiles:\n%s", out.status, out.stdout, out.stderr, files(t, dir))
		got = c.same(got, w, dir)
		if i == 0 {
			want = got
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\nin the folder %s with the CLI of the %s: result differs from plain docker (-want +got):\n%s",
				line.line, line.in, w.name, diff)
		}
	}
}

var (
	ids   = regexp.MustCompile(`\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b`)
	times = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)?m?s\b`)
	// waited comes or not, by who is quicker when a container does not start.
	waited = regexp.MustCompile(`(?m)^time=.* level=error msg="error waiting for container: .*\n`)
	steps  = regexp.MustCompile(`(?m)^ *(Container|Network|Volume|Image) .*\n`)
)

// same leaves out what differs between any two runs.
func (c *conformanceTest) same(text string, w way, dir string) string {
	text = strings.NewReplacer(dir, "DIR", "conf-"+w.name, "NAME", "/elsewhere/conf-"+w.name, "DIR").Replace(text)
	text = waited.ReplaceAllString(text, "")
	text = ids.ReplaceAllString(times.ReplaceAllString(text, "TIME"), "ID")
	progress := steps.FindAllString(text, -1) // in any order
	slices.Sort(progress)
	return steps.ReplaceAllString(text, "") + strings.Join(slices.Compact(progress), "")
}

// files are what is in a folder. Archives hold times.
func files(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(at string, e fs.DirEntry, err error) error {
		if err != nil || at == dir {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, at)
		fmt.Fprintf(&b, "%s %s", info.Mode(), rel)
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(at)
			fmt.Fprintf(&b, " -> %s", to)
		case info.Mode().IsRegular() && info.Size() < 2000:
			data, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %q", data)
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
