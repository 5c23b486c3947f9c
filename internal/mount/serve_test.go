package mount_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/foldercopy"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/internal/mount/mounttest"
	"github.com/fbdock/fbdock/internal/run/runtest"
	"github.com/fbdock/fbdock/internal/waittest"
)

// needSSHFS skips where no file system can be mounted.
func needSSHFS(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root mounts")
	}
	if _, err := exec.LookPath("sshfs"); err != nil {
		t.Skip("no sshfs here (apt-get install sshfs)")
	}
	if file, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Skipf("no FUSE here: %v", err)
	} else {
		_ = file.Close()
	}
}

// mayMount skips the test where err is that of a computer that lets nobody mount.
func mayMount(t *testing.T, err error) {
	t.Helper()
	if strings.Contains(fmt.Sprint(err), "Operation not permitted") {
		t.Skipf("nothing can be mounted here: %v", err)
	}
}

// mounted serves a folder through a real sshd to a real sshfs of this
// computer; stop ends it and gives what Serve said.
// mounted has a folder served until stop.
func mounted(t *testing.T, f mount.Folder) (stop func() error) {
	t.Helper()
	stop, _ = serving(t, f)
	return stop
}

// serving is mounted; ended waits for an end that comes by itself.
func serving(t *testing.T, f mount.Folder) (stop, ended func() error) {
	t.Helper()
	needSSHFS(t)
	c := mounttest.StartSSHD(t).Dial(t)
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- mount.Serve(ctx, c, f, mount.Options{Ready: func() { close(ready) }}) }()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		mayMount(t, err)
		t.Fatalf("Serve(): error = %v before it was ready, want none", err)
	case <-time.After(waittest.Limit):
		cancel()
		t.Fatalf("Serve(): not ready in %v, want ready", waittest.Limit)
	}
	over := false
	ended = func() error {
		if over {
			return nil
		}
		over = true
		select {
		case err := <-done:
			return err
		case <-time.After(waittest.Limit):
			return errors.New("it does not end")
		}
	}
	stop = func() error {
		cancel()
		return ended()
	}
	t.Cleanup(func() { _ = stop() })
	return stop, ended
}

// soon is below the 20 s for which sshfs keeps names and attributes unless it
// is told otherwise, and far above the tenth of a second that it is told.
const soon = 10 * time.Second

func within(t *testing.T, limit time.Duration, what string, true func() bool) {
	t.Helper()
	if !waittest.PollFor(limit, true) {
		t.Errorf("%s: not seen, want it within %v", what, limit)
	}
}

func TestMount(t *testing.T) {
	t.Parallel()
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "source"), Target: filepath.Join(base, "tar get", "ünicode")}
	mounttest.Write(t, filepath.Join(f.Source, "a"), "one\n")
	stop := mounted(t, f)
	guest := func(name string) string { return filepath.Join(f.Target, name) }
	reads := func(name, want string) func() bool {
		return func() bool {
			text, err := os.ReadFile(guest(name))
			return err == nil && string(text) == want
		}
	}
	if !reads("a", "one\n")() {
		t.Errorf("ReadFile(%s) at once after Serve() is ready: error or other text, want %q", guest("a"), "one\n")
	}
	// Edits of the same size, within a second of each other.
	for _, text := range []string{"two\n", "six\n", "ten\n"} {
		mounttest.Write(t, filepath.Join(f.Source, "a"), text)
		within(t, soon, "an edit", reads("a", text))
	}
	mounttest.Write(t, filepath.Join(f.Source, "new"), "new")
	within(t, soon, "a new file", reads("new", "new"))
	mounttest.Must(t, os.Remove(filepath.Join(f.Source, "new")))
	within(t, soon, "a file gone", func() bool {
		_, err := os.Stat(guest("new"))
		return errors.Is(err, os.ErrNotExist)
	})
	inGuest(t, f, guest)
	if err := stop(); err != nil {
		t.Errorf("Serve() after its context ended: error = %v, want none", err)
	}
	within(t, waittest.Limit, "unmounted", func() bool {
		_, err := os.Stat(guest("a"))
		return errors.Is(err, os.ErrNotExist)
	})
}

// inGuest works on the mount as the guest's programs do.
func inGuest(t *testing.T, f mount.Folder, guest func(string) string) {
	t.Helper()
	script := `set -e
umask 022
mkdir -m 700 d && [ "$(stat -c %a d)" = 700 ]
echo x >d/f && chmod 755 d/f && [ "$(stat -c %a d/f)" = 755 ]
touch -d '2001-02-03 04:05:06 UTC' d/f && [ "$(stat -c %Y d/f)" = 981173106 ]
echo y >d/g && mv d/g d/f && [ "$(cat d/f)" = y ]
echo z >>d/f && [ "$(cat d/f)" = "y
z" ]
ln -s ../a d/l && [ "$(cat d/l)" = ten ]
ln -s /etc/hostname d/abs && [ "$(readlink d/abs)" = /etc/hostname ]
ln d/f d/h
(printf 1234567890; truncate -s 4 d/t) >d/t && [ "$(cat d/t)" = 1234 ]
tar cf d.tar d && rm -r d && tar xf d.tar && [ "$(cat d/l)" = ten ]
i=0; while [ $i -lt 500 ]; do echo $i >d/$i; i=$((i + 1)); done
[ "$(ls d | wc -l)" = 505 ] && [ "$(cat d/499)" = 499 ]
head -c 20000000 /dev/urandom >big && cp big big2 && cmp big big2 && sha256sum big | cut -d' ' -f1
`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Dir = f.Target
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("script in the guest's folder: error = %v, want none\n%s", err, out)
		return
	}
	sum, err := exec.CommandContext(t.Context(), "sha256sum", filepath.Join(f.Source, "big")).Output()
	if err != nil || !strings.HasPrefix(string(sum), strings.TrimSpace(string(out))) {
		t.Errorf("sha256sum on the host = %s, %v, want %s", sum, err, out)
	}
}

func TestMountReadOnly(t *testing.T) {
	t.Parallel()
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "source"), Target: filepath.Join(base, "target"), ReadOnly: true}
	mounttest.Write(t, filepath.Join(f.Source, "a"), "one\n")
	_ = mounted(t, f)
	if err := os.WriteFile(filepath.Join(f.Target, "b"), nil, 0o600); err == nil {
		t.Error("WriteFile() in a read-only mount: no error, want one")
	}
	if text, err := os.ReadFile(filepath.Join(f.Target, "a")); err != nil || string(text) != "one\n" {
		t.Errorf("ReadFile(a) = %q, %v, want %q", text, err, "one\n")
	}
}

// TestMountAfterALoss: the link drops, and the same place is mounted again.
func TestMountAfterALoss(t *testing.T) {
	t.Parallel()
	needSSHFS(t)
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "source"), Target: filepath.Join(base, "target")}
	mounttest.Write(t, filepath.Join(f.Source, "a"), "one\n")
	c := mounttest.StartSSHD(t).Dial(t)
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- mount.Serve(t.Context(), c, f, mount.Options{Ready: func() { close(ready) }})
	}()
	select {
	case <-ready:
	case err := <-done:
		mayMount(t, err)
		t.Fatalf("Serve(): error = %v before it was ready, want none", err)
	}
	_ = c.Close()
	if _, ok := errors.AsType[*link.LostError](<-done); !ok {
		t.Error("Serve() over a closed connection: no LostError, want one")
	}
	_, ended := serving(t, f)
	if text, err := os.ReadFile(filepath.Join(f.Target, "a")); err != nil || string(text) != "one\n" {
		t.Errorf("ReadFile(a) after a new mount = %q, %v, want %q", text, err, "one\n")
	}
	// Somebody in the guest unmounts it.
	within(t, waittest.Limit, "umount, which refuses while the guest looks at it", func() bool {
		return exec.CommandContext(t.Context(), "umount", f.Target).Run() == nil
	})
	err := ended()
	if unmounted, ok := errors.AsType[*mount.GuestError](err); !ok || unmounted.Kind != mount.Failed {
		t.Errorf("Serve() after an unmount in the guest: error = %v, want a GuestError of kind Failed", err)
	}
}

// TestServedAgainAndEnded: a mount that another agent goes on with is ready only
// when the sshfs that is there has connected to that agent, which what sshfs
// remembers of before does not tell. Else nothing would tell that sshfs of the
// end, and the mount would outlive it.
func TestServedAgainAndEnded(t *testing.T) {
	t.Parallel()
	needSSHFS(t)
	if _, err := exec.LookPath("socat"); err != nil {
		t.Skip("no socat here (apt-get install socat), by which sshfs connects again")
	}
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "source"), Target: filepath.Join(base, "target")}
	mounttest.Write(t, filepath.Join(f.Source, "a"), "one\n")
	c := mounttest.StartSSHD(t).Dial(t)
	defer func() { _ = exec.Command("umount", "-l", f.Target).Run() }() // it is there no more, unless the test failed
	for i := range 5 {
		for _, cause := range []error{mount.ErrStays, nil} {
			ctx, end := context.WithCancelCause(t.Context())
			err := mount.Serve(ctx, c, f, mount.Options{Ready: func() {
				go func() {
					if cause != nil {
						if _, err := os.Stat(f.Target); err != nil { // sshfs remembers it for up to a second
							t.Error(err)
						}
					}
					end(cause)
				}()
			}})
			if err != nil {
				mayMount(t, err)
				t.Fatalf("round %d: Serve() that ends with %v: error = %v, want none", i, cause, err)
			}
		}
		table, err := os.ReadFile("/proc/self/mounts")
		if err != nil || strings.Contains(string(table), f.Target) {
			t.Fatalf("round %d: /proc/self/mounts after Serve(): %s is there or error = %v, want neither", i, f.Target, err)
		}
	}
}

// TestMountEndsInUse: a mount that is in use is gone when it was ended, though
// its sshfs goes on asking meanwhile.
func TestMountEndsInUse(t *testing.T) {
	t.Parallel()
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "source"), Target: filepath.Join(base, "target")}
	for i := range 20 {
		mounttest.Write(t, filepath.Join(f.Source, fmt.Sprintf("dir%d", i), "a"), "one\n")
	}
	for range 2 {
		stop := mounted(t, f)
		using, done := context.WithCancel(t.Context())
		var users sync.WaitGroup
		for range 2 {
			cmd := exec.CommandContext(using, "sh", "-c", `while :; do cat "$1"/*/a 2>/dev/null; done`, "sh", f.Target)
			cmd.WaitDelay = time.Second // what hangs in a mount without a server is left
			out, in := io.Pipe()
			cmd.Stdout = in
			users.Go(func() { _ = in.CloseWithError(cmd.Run()) })
			_, err := io.ReadFull(out, make([]byte, 100)) // it goes round
			mounttest.Must(t, err)
			go func() { _, _ = io.Copy(io.Discard, out) }()
		}
		if err := stop(); err != nil {
			t.Errorf("Serve() ended while the mount is in use: error = %v, want none", err)
		}
		table, err := os.ReadFile("/proc/self/mounts")
		if err != nil || strings.Contains(string(table), f.Target) {
			t.Errorf("/proc/self/mounts after Serve(): %s is there or error = %v, want neither", f.Target, err)
		}
		done()
		users.Wait()
	}
}

func TestMountRefusals(t *testing.T) {
	t.Parallel()
	needSSHFS(t)
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "source"), Target: filepath.Join(base, "target")}
	mounttest.Write(t, filepath.Join(f.Source, "a"), "one\n")
	mounttest.Write(t, filepath.Join(f.Target, "there"), "before")
	c := mounttest.StartSSHD(t).Dial(t)
	err := mount.Serve(t.Context(), c, f, mount.Options{})
	refused, ok := errors.AsType[*mount.GuestError](err)
	if !ok || refused.Kind != mount.NotEmpty || refused.Hint() == "" || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("Serve() at a folder with files: error = %v, want a GuestError of kind NotEmpty with a hint", err)
	}
	f.Target = filepath.Join(f.Source, "a", "below")
	err = mount.Serve(t.Context(), c, f, mount.Options{})
	if refused, ok := errors.AsType[*mount.GuestError](err); !ok || refused.Kind != mount.Failed || !strings.Contains(err.Error(), "mkdir") {
		t.Errorf("Serve() below a file: error = %v, want a GuestError of kind Failed that names mkdir", err)
	}
	for _, kind := range []string{mount.NoSSHFS, mount.NoFUSE, mount.Denied} {
		if (&mount.GuestError{Kind: kind}).Hint() == "" {
			t.Errorf("GuestError of kind %s: no hint, want one", kind)
		}
	}
}

func TestServeWithoutAFolder(t *testing.T) {
	t.Parallel()
	err := mount.Serve(t.Context(), nil, mount.Folder{Source: filepath.Join(t.TempDir(), "none")}, mount.Options{})
	missing, ok := errors.AsType[*mount.FolderError](err)
	if !ok || !errors.Is(err, fs.ErrNotExist) || missing.Hint() == "" || !strings.Contains(err.Error(), "none") {
		t.Errorf("Serve without a folder: %v, want a FolderError", err)
	}
}

// TestServeOverALink: a guest has put a link in the place of a folder, by way
// of the mount around it, and waits for the mount to be made again.
func TestServeOverALink(t *testing.T) {
	t.Parallel()
	base := mounttest.Folder(t)
	mounttest.Write(t, filepath.Join(base, "secret", "key"), "secret")
	if err := os.Symlink("secret", filepath.Join(base, "mine")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	f := mount.Folder{Source: filepath.Join(base, "mine"), Target: "/mine", Real: filepath.Join(base, "mine")}
	for name, serve := range map[string]func() error{
		"Serve": func() error { return mount.Serve(t.Context(), nil, f, mount.Options{}) },
		"Copy":  func() error { return foldercopy.Copy(t.Context(), nil, f, mount.Options{}) },
	} {
		err := serve()
		refused, ok := errors.AsType[*mount.FolderError](err)
		if !ok || !strings.Contains(refused.Hint(), "symbolic link") {
			t.Errorf("%s over a link: %v, want a FolderError that tells of the link", name, err)
		}
	}
}

// TestMountThatDoesNotStart: an sshfs that ends at once is told, whether it
// would be connected again or not.
func TestMountThatDoesNotStart(t *testing.T) {
	t.Parallel()
	needSSHFS(t)
	base := mounttest.Folder(t)
	f := mount.Folder{Source: filepath.Join(base, "source"), Target: filepath.Join(base, "target")}
	mounttest.Write(t, filepath.Join(f.Source, "a"), "one\n")
	mounttest.Must(t, os.Mkdir(filepath.Join(base, "bin"), 0o700))
	mounttest.Must(t, runtest.WriteProgram(filepath.Join(base, "bin", "sshfs"), []byte("#!/bin/sh\necho broken >&2\nexit 7\n"), 0o700))
	c := mounttest.StartSSHD(t).Dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := mount.Serve(ctx, c, f, mount.Options{Root: []string{"env", "PATH=" + filepath.Join(base, "bin") + ":/usr/sbin:/usr/bin:/sbin:/bin"}})
	if failed, ok := errors.AsType[*mount.GuestError](err); !ok || failed.Kind != mount.Failed || !strings.Contains(err.Error(), "broken") {
		t.Errorf("Serve with an sshfs that ends = %v, want a GuestError that tells why", err)
	}
}
