package engine_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/run/runtest"
)

// engineWorld has what an engine has: dockerd behind fbdock-points, and its
// folders, which go with the namespace. A bind mount stands for an sshfs.
const engineWorld = `set -u
mount --make-rprivate /
for d in /var/db /run /srv /home; do mkdir -p "$d"; mount -t tmpfs test "$d"; done
mkdir -p /var/db/fbdock /srv/kept /srv/host/n
ln -s /srv/kept /var/db/fbdock/mounts
echo hi >/srv/host/n/f
printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v dockerd)" >/srv/dockerd
chmod +x /srv/dockerd
sed 's,/usr/bin/dockerd,/srv/dockerd,; s/^limit=.*/limit=2/' "$POINTS" >/srv/points
points() { sh /srv/points "$@"; }
DOCKER_HOST=unix://$DIR/sock DOCKER_CONFIG=/srv
export DOCKER_HOST DOCKER_CONFIG
start() {
  points dockerd --bridge=none --iptables=false -H "$DOCKER_HOST" --data-root "$DIR/data" --exec-root /run/docker --pidfile /run/docker.pid >>/srv/log 2>&1 &
  n=0
  until docker version >/dev/null 2>&1; do
    n=$((n + 1)); [ "$n" -lt 300 ] || { tail -n 5 /srv/log; return 1; }
    sleep 0.2
  done
}
stop() {
  kill "$(cat /run/docker.pid)"
  while [ -e /run/docker.pid ]; do sleep 0.1; done
}
mounted() { points prepare /home/p && mount --bind /srv/host /home/p; }
run() { docker run --network none "$@" 2>&1; }
exec 2>&1
`

// image packs a busybox, static or not, as /busybox.
const image = `mkdir /srv/box && cp -L "$(command -v busybox)" /srv/box/busybox
ldd /srv/box/busybox 2>/dev/null | grep -o '/[^ )]*' | while read -r lib; do mkdir -p "/srv/box${lib%/*}"; cp -L "$lib" "/srv/box$lib"; done
tar -C /srv/box -cf /srv/box.tar .
`

// shell runs scripts one after the other in such an engine.
type shell struct {
	in  io.Writer
	out *bufio.Reader
}

func startEngine(t *testing.T) (s *shell, socket string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("dockerd runs as root")
	}
	for _, name := range []string{"dockerd", "containerd", "runc", "docker", "busybox", "unshare"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no %s here (apt-get install docker.io busybox-static)", name)
		}
	}
	points, err := filepath.Abs("../../provision/guest/fbdock-points")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--", "sh")
	cmd.Env = append(os.Environ(), "POINTS="+points, "DIR="+dir)
	in, out := runtest.Start(t, cmd)
	s = &shell{in, bufio.NewReader(out)}
	if _, status := s.run(t, engineWorld+"[ -c /dev/fuse ] && exec 8<>/dev/fuse"); status != "0" {
		t.Skip("nothing can be mounted here")
	}
	return s, filepath.Join(dir, "sock")
}

// run gives what a script says, and its status.
func (s *shell) run(t *testing.T, script string) (out, status string) {
	t.Helper()
	if _, err := io.WriteString(s.in, script+"\necho \"the end: $?\"\n"); err != nil {
		t.Fatal(err)
	}
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			t.Fatalf("output of the engine's shell: %v, want \"the end:\", after\n%s", err, out)
		}
		if before, status, ok := strings.Cut(line, "the end: "); ok {
			return out + before, strings.TrimSpace(status)
		}
		out += line
	}
}

// TestDockerdAndMountPoints: a real dockerd starts no container, and makes no
// folder, where a host's folder is not mounted; those that it could not start
// are started once it is.
func TestDockerdAndMountPoints(t *testing.T) {
	t.Parallel()
	s, socket := startEngine(t)
	if out, status := s.run(t, image+"start && docker import /srv/box.tar box >/dev/null && points declare live /home/p"); status != "0" {
		t.Skipf("dockerd does not run here: %s", out)
	}
	for _, bind := range []string{"-v /home/p:/d", "-v /home/p/n:/d", "-v /home/p/n/f:/d", "--mount type=bind,src=/home/p,dst=/d"} {
		if out, status := s.run(t, "run --rm "+bind+" box /busybox true"); status != "125" || !strings.Contains(out, "/home/p") {
			t.Errorf("docker run %s without the folder = status %s, want 125 and an error that names /home/p: %s", bind, status, out)
		}
	}
	containers := `for c in below:/home/p/n:/d whole:/home/p:/d file:/home/p/n/f:/d/f:ro; do
	run -d --restart always --name "${c%%:*}" -v "${c#*:}" box /busybox sleep 1000 || exit
done
run -d --name once -v /home/p:/d box /busybox sleep 1000`
	if out, status := s.run(t, "mounted && "+containers); status != "0" {
		t.Fatalf("docker run of the containers with binds = status %s, want 0: %s", status, out)
	}
	if out, status := s.run(t, "stop; umount /home/p; points close /home/p; : >/srv/log; start && grep ^fbdock: /srv/log; docker ps -q"); status != "0" ||
		strings.Count(out, "\n") != 2 || !strings.Contains(out, "dockerd starts without the folders of the host, which did not come within 2 s: /home/p") {
		t.Errorf("start without the folder = status %s, want 0, dockerd's warning and no container: %s", status, out)
	}
	if out, _ := s.run(t, "umount /home/p; ls -A /home/p; points close /home/p"); out != "" {
		t.Errorf("ls -A of the unmounted mount point = %q, want it empty", out)
	}
	s.run(t, "mounted")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	c, err := engine.New(dial, nil, "tcp://"+address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	started, failed, err := c.StartLate(t.Context(), []string{"/home/p"})
	slices.Sort(started)
	if diff := cmp.Diff([]string{"below", "file", "whole"}, started); diff != "" || err != nil || len(failed) > 0 {
		t.Errorf("StartLate(/home/p): failed = %v, error = %v, want none; started differ (-want +got):\n%s", failed, err, diff)
	}
	if out, _ := s.run(t, "docker exec below /busybox cat /d/f; docker exec whole /busybox cat /d/n/f; docker exec file /busybox cat /d/f; docker rm -f below file whole once >/dev/null; stop"); out != "hi\nhi\nhi\n" {
		t.Errorf("cat of the bound files in three containers = %q, want \"hi\\nhi\\nhi\\n\"", out)
	}
}
