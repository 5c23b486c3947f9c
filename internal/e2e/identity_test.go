//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const identityPort = "8098"

// TestIdentity: a container writes through a bind all the time, by a file that
// it holds open, and another has a connection open to a port of this host,
// while the project is reached by a link, its configuration is edited, it is
// moved, and it is copied. Nothing of theirs is touched: no byte is lost, no
// connection is closed, no container restarts, and the agent is the same
// process.
func TestIdentity(t *testing.T) {
	i := newIdentity(t)
	for _, part := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"by a link", i.byLink},
		{"an edit is not applied", i.edited},
		{"up applies it one by one", i.applied},
		{"moved", i.moved},
		{"copied", i.copied},
	} {
		t.Run(part.name, func(t *testing.T) {
			part.do(t)
			i.same(t)
		})
	}
	i.finish(t)
}

type identity struct {
	*project
	more    string // a folder outside
	conn    net.Conn
	answers *bufio.Reader
	before  string // what is the same all the time
}

func newIdentity(t *testing.T) *identity {
	t.Helper()
	i := &identity{project: newProject(t, ""), more: t.TempDir()}
	i.dir = filepath.Join(t.TempDir(), "proj")
	if err := os.MkdirAll(filepath.Join(i.dir, "w"), 0o700); err != nil {
		t.Fatal(err)
	}
	i.configure(t, labBox, "", "  mount \".\" { target = \"/srv/proj\" }\n")
	i.destroyAtEnd(t)
	i.up(t)
	i.loadBusybox(t)
	i.must(t, "docker", "run", "-d", "--name", "writer", "-v", "./w:/d", "busybox", "sh", "-c",
		"exec 3>>/d/log; n=0; while [ ! -e /d/stop ]; do echo $n >&3 || exit 1; n=$((n+1)); usleep 50000; done; echo $n >/d/count")
	i.must(t, "docker", "run", "-d", "--name", "echo", "-p", identityPort+":7", "busybox", "nc", "-ll", "-p", "7", "-e", "cat")
	await(t, time.Minute, "the port answers", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+identityPort)
		if err != nil {
			return false
		}
		i.conn, i.answers = conn, bufio.NewReader(conn)
		return i.echo() == nil
	})
	t.Cleanup(func() { _ = i.conn.Close() })
	i.before = i.state(t)
	return i
}

// echo sends a line over the connection that is open, and has it back.
func (i *identity) echo() error {
	text := fmt.Sprintln(time.Now().UnixNano())
	if err := i.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := i.conn.Write([]byte(text)); err != nil {
		return err
	}
	got, err := i.answers.ReadString('\n')
	if err == nil && got != text {
		err = fmt.Errorf("%q came back of %q", got, text)
	}
	return err
}

// state is what is to be the same: the agent's process, and when the containers
// were started.
func (i *identity) state(t *testing.T) string {
	t.Helper()
	started := i.must(t, "docker", "inspect", "-f", "{{.Name}} {{.State.Running}} {{.State.StartedAt}}", "writer", "echo").stdout
	return fmt.Sprintf("agent %d\n%s", i.agent(t), started)
}

// agent is the process that serves the project's machine.
func (p *project) agent(t *testing.T) int {
	t.Helper()
	var all []struct {
		Folder   string
		Machines []struct{ Agent int }
	}
	if err := json.Unmarshal([]byte(p.must(t, "list", "--all", "--json").stdout), &all); err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		if one.Folder == p.dir && len(one.Machines) > 0 {
			return one.Machines[0].Agent
		}
	}
	return 0
}

func (i *identity) same(t *testing.T) {
	t.Helper()
	if now := i.state(t); now != i.before {
		t.Errorf("something was touched:\n%s\nwant\n%s", now, i.before)
	}
	if err := i.echo(); err != nil {
		t.Errorf("echo over the connection that was open before: %v, want no error", err)
	}
	was := i.written(t)
	await(t, time.Minute, "the writer goes on", func() bool { return i.written(t) > was })
}

func (i *identity) written(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(i.dir, "w", "log"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(data), "\n")
}

func (i *identity) byLink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(i.dir, link); err != nil {
		t.Fatal(err)
	}
	other := *i.project
	other.dir = link
	for _, args := range [][]string{
		{"docker", "ps"}, {"exec", "true"}, {"mount"}, {"ports"}, {"up"},
		{"docker", "run", "--rm", "-v", "./w:/d", "busybox", "test", "-s", "/d/log"},
	} {
		other.must(t, args...)
	}
}

// edit adds a mount, and changes the limit of ports.
func (i *identity) edit(t *testing.T) {
	i.configure(t, labBox, "", "  mount \".\" { target = \"/srv/proj\" }\n  mount \""+i.more+"\" { target = \"/srv/more\" }\n  forward { max = 99 }\n")
}

func (i *identity) edited(t *testing.T) {
	i.edit(t)
	for _, args := range [][]string{
		{"docker", "ps"}, {"exec", "true"}, {"mount"}, {"status"}, {"ports"},
		{"docker", "run", "--rm", "-v", "./w:/d", "busybox", "test", "-s", "/d/log"},
	} {
		r := i.must(t, args...)
		if strings.Count(r.stderr, "fbdock.hcl differs from what runs (mounts, ports): `fbdock up` applies it") != 1 {
			t.Errorf("fbdock %s after an edit of fbdock.hcl: stderr, want exactly one note of what differs:\n%s", args[0], r.stderr)
		}
		if strings.Contains(r.stdout, "/srv/more") {
			t.Errorf("fbdock %s after an edit of fbdock.hcl = %q, want the mount /srv/more not applied yet", args[0], r.stdout)
		}
	}
	if err := os.WriteFile(filepath.Join(i.dir, "fbdock.hcl"), []byte("<<<<<<< HEAD\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	i.must(t, "docker", "ps")
}

func (i *identity) applied(t *testing.T) {
	i.edit(t)
	r := i.must(t, "up")
	if !strings.Contains(r.stderr, "mount added: "+i.more+" at /srv/more") || strings.Contains(r.stderr, "mount removed") {
		t.Errorf("fbdock up after an edit of fbdock.hcl: stderr, want \"mount added: %s at /srv/more\" and no mount removed:\n%s", i.more, r.stderr)
	}
	i.must(t, "docker", "run", "--rm", "-v", i.more+":/m", "busybox", "touch", "/m/made")
	if _, err := os.Stat(filepath.Join(i.more, "made")); err != nil {
		t.Error(err)
	}
}

func (i *identity) moved(t *testing.T) {
	to := filepath.Join(filepath.Dir(i.dir), "moved")
	if err := os.Rename(i.dir, to); err != nil {
		t.Fatal(err)
	}
	i.dir = to
	began := time.Now()
	if r := i.must(t, "docker", "ps", "-q"); strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("docker ps -q after the folder moved = %q, want two containers: %s", r.stdout, r.stderr)
	}
	t.Logf("docker ps after the move took %s", time.Since(began).Round(time.Millisecond))
	i.must(t, "docker", "run", "--rm", "-v", "./w:/d", "busybox", "test", "-s", "/d/log")
	if r := i.must(t, "mount"); strings.Contains(r.stdout, "FAIL") || !strings.Contains(r.stdout, to) {
		t.Errorf("fbdock mount after the folder moved, want no FAIL and the new path %s:\n%s", to, r.stdout)
	}
	if r := i.must(t, "up"); !strings.Contains(r.stderr, "nothing to do") {
		t.Errorf("fbdock up after the folder moved: stderr, want \"nothing to do\":\n%s", r.stderr)
	}
}

func (i *identity) copied(t *testing.T) {
	other := *i.project
	other.dir = filepath.Join(t.TempDir(), "copy")
	if out, err := exec.Command("cp", "-a", i.dir, other.dir).CombinedOutput(); err != nil {
		t.Fatalf("cp -a %s %s: %v, want exit status 0\n%s", i.dir, other.dir, err, out)
	}
	if r := other.run(t, "docker", "ps"); r.status != 125 || !strings.Contains(r.stderr, "this folder is a copy of "+i.dir) {
		t.Errorf("docker ps in a copy of the folder = status %d, want 125 and \"this folder is a copy of\"\n%s%s", r.status, r.stdout, r.stderr)
	}
	if r := other.must(t, "destroy", "--yes"); !strings.Contains(r.stderr, "not created") {
		t.Errorf("fbdock destroy in a copy of the folder: stderr, want \"not created\":\n%s", r.stderr)
	}
}

// finish ends the writer and counts what it has written.
func (i *identity) finish(t *testing.T) {
	t.Helper()
	i.file(t, "w/stop", "")
	count := filepath.Join(i.dir, "w", "count")
	await(t, time.Minute, "the writer ends", func() bool {
		data, err := os.ReadFile(count)
		return err == nil && strings.HasSuffix(string(data), "\n")
	})
	data, err := os.ReadFile(count)
	if err != nil {
		t.Fatal(err)
	}
	wrote, err := strconv.Atoi(strings.TrimSpace(string(data)))
	log, lerr := os.ReadFile(filepath.Join(i.dir, "w", "log"))
	if err != nil || lerr != nil {
		t.Fatal("the container's counter and its log on the host: want both readable: ", err, lerr)
	}
	lines := strings.Fields(string(log))
	if len(lines) != wrote || wrote < 100 {
		t.Errorf("log on the host has %d lines, want the %d that the container wrote, and at least 100", len(lines), wrote)
	}
	for n, line := range lines {
		if line != strconv.Itoa(n) {
			t.Fatalf("log on the host: line %d = %q, want %d", n, line, n)
		}
	}
	t.Logf("all %d lines have arrived", wrote)
}
