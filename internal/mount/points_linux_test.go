package mount_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/foldercopy"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/mount/mounttest"
)

// engineWorld is a guest with fbdock's mount points.
const engineWorld = `set -e
mount --make-rprivate /
mkdir -p /run/sshd
for d in /var/db /usr/local/sbin /srv /home; do mkdir -p "$d"; mount -t tmpfs test "$d"; done
mkdir -p /run/fbdock-mounts && mount -t tmpfs test /run/fbdock-mounts
mkdir -p /var/db/fbdock /srv/kept
ln -s /srv/kept /var/db/fbdock/mounts
cp POINTS /usr/local/sbin/fbdock-points
chmod 0755 /usr/local/sbin/fbdock-points
set +e
`

// served serves a folder in the guest; stop ends it.
func served(t *testing.T, c *link.Client, f mount.Folder, o mount.Options) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	o.Ready = func() { close(ready) }
	serve := mount.Serve
	if f.Copied {
		serve = foldercopy.Copy
	}
	go func() { done <- serve(ctx, c, f, o) }()
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("Serve(%s): error = %v before it was ready, want none", f.Target, err)
	case <-time.After(time.Minute):
		t.Fatalf("Serve(%s): not ready in a minute, want ready", f.Target)
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve(%s): error = %v, want none", f.Target, err)
		}
	}
}

// TestMountPointsOfAGuest: a mount point refuses before, between and after
// mounts, live ones and copies; what was in the way is not lost; what is
// declared no more leaves nothing.
func TestMountPointsOfAGuest(t *testing.T) {
	t.Parallel()
	needSSHFS(t)
	points, err := filepath.Abs("../../provision/guest/fbdock-points")
	mounttest.Must(t, err)
	c := mounttest.StartSSHDIn(t, strings.ReplaceAll(engineWorld, "POINTS", points)).Dial(t)
	guest := func(script string) string {
		t.Helper()
		out, err := c.Output(t.Context(), link.Command{Script: script + " 2>&1"})
		mounttest.Must(t, err)
		return out.Stdout
	}
	sub := mount.Folder{Source: mounttest.Folder(t), Target: "/home/u/proj/sub"}
	whole := mount.Folder{Source: mounttest.Folder(t), Target: "/home/u/proj"}
	copied := mount.Folder{Source: mounttest.Folder(t), Target: "/home/u/copy", Copied: true}
	for _, f := range []mount.Folder{sub, whole, copied} {
		mounttest.Write(t, filepath.Join(f.Source, "f"), "of the host\n")
	}
	refuses := func(f mount.Folder) {
		t.Helper()
		// A container may bind the point itself: it is not to be seen either.
		if out := guest("stat '" + f.Target + "' && echo seen; mkdir '" + f.Target + "/x' && echo made"); strings.Contains(out, "seen\n") || strings.Contains(out, "made\n") {
			t.Errorf("stat and mkdir in %s = %q, want both refused", f.Target, out)
		}
	}
	reads := func(f mount.Folder) {
		t.Helper()
		if out := guest("cat '" + f.Target + "/f'"); out != "of the host\n" {
			t.Errorf("cat %s/f = %q, want %q", f.Target, out, "of the host\n")
		}
	}
	mounttest.Must(t, mount.Declare(t.Context(), c, nil, []mount.Folder{sub, copied}))
	refuses(sub)
	refuses(copied)
	for range 2 {
		stop := served(t, c, sub, mount.Options{})
		reads(sub)
		stop()
		refuses(sub)
	}
	mounttest.Must(t, mount.Declare(t.Context(), c, nil, []mount.Folder{whole, copied}))
	refuses(whole)
	// An fbdock of before left its points unguarded.
	guest("umount /home/u/proj; chattr -i /home/u/proj; mkdir -p /home/u/proj/n && echo lost >/home/u/proj/n/f")
	var moved []string
	stop := served(t, c, whole, mount.Options{Moved: func(text string) { moved = append(moved, text) }})
	reads(whole)
	stop()
	refuses(whole)
	if len(moved) != 1 || !strings.Contains(moved[0], "what was written to /home/u/proj while nothing was mounted there is in ") {
		t.Errorf("Serve(): moved %q, want one text that names /home/u/proj", moved)
	}
	if out := guest("cat /srv/kept/aside/*/n/f || cat /home/u/proj.fbdock-*/n/f"); !strings.Contains(out, "lost\n") {
		t.Errorf("cat of the file that was moved aside = %q, want %q", out, "lost\n")
	}
	served(t, c, copied, mount.Options{})()
	reads(copied)
	mounttest.Must(t, mount.Declare(t.Context(), c, nil, nil))
	if out := guest("ls /home/u /srv/kept/declared -s"); strings.Contains(out, "proj\n") || !strings.Contains(out, "copy") {
		t.Errorf("ls after Declare() of nothing = %s, want no proj, and copy kept", out)
	}
}

// TestRefuse: the engine is told why, until the folder is mounted after all.
func TestRefuse(t *testing.T) {
	t.Parallel()
	needSSHFS(t)
	points, err := filepath.Abs("../../provision/guest/fbdock-points")
	mounttest.Must(t, err)
	c := mounttest.StartSSHDIn(t, strings.ReplaceAll(engineWorld, "POINTS", points)).Dial(t)
	f := mount.Folder{Source: mounttest.Folder(t), Target: "/home/u/p"}
	mounttest.Must(t, mount.Declare(t.Context(), c, nil, []mount.Folder{f}))
	mounttest.Must(t, mount.Refuse(t.Context(), c, nil, f, errors.New("no such folder\non the host")))
	notes := func() string {
		out, err := c.Output(t.Context(), link.Command{Script: "cat /run/fbdock-mounts/*.refused"})
		mounttest.Must(t, err)
		return out.Stdout
	}
	if got := notes(); got != "/home/u/p: no such folder\n" {
		t.Errorf("Refuse(): note = %q, want %q", got, "/home/u/p: no such folder\n")
	}
	served(t, c, f, mount.Options{})()
	if got := notes(); got != "" {
		t.Errorf("note after Serve() = %q, want none", got)
	}
}

// TestNoMountPoints: a guest whose steps are of another fbdock is told of.
func TestNoMountPoints(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/usr/local/sbin/fbdock-points"); err == nil {
		t.Skip("this computer has fbdock-points")
	}
	c := mounttest.StartSSHD(t).Dial(t)
	err := mount.Declare(t.Context(), c, nil, nil)
	if e, ok := errors.AsType[*mount.GuestError](err); !ok || !strings.Contains(e.Error(), "fbdock-points") {
		t.Errorf("Declare() without fbdock-points: error = %v, want a GuestError that names it", err)
	}
}
