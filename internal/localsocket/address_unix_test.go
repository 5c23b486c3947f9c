//go:build unix

package localsocket_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/fbdock/fbdock/internal/localsocket"
)

// otherUser is a user that no system gives to a person.
const otherUser = 54321

// places are folders of one test; their paths are short enough for sockets.
func places(t *testing.T) localsocket.Places {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "fb") //nolint:usetesting // the test's own path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := localsocket.Places{Home: dir + "/home", Runtime: dir + "/run", Temp: dir + "/tmp"}
	for _, folder := range []string{p.Home, p.Runtime, p.Temp} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	chmod(t, p.Temp, 0o777|os.ModeSticky)
	return p
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, mode)
}

// needRoot skips: only root can make files of another user.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can make files of another user")
	}
}

func give(t *testing.T, path string) {
	t.Helper()
	if err := os.Lchown(path, otherUser, otherUser); err != nil {
		t.Fatal(err)
	}
}

// long is a path that no socket may have.
func long(p localsocket.Places) string {
	return filepath.Join(p.Home, strings.Repeat("x", 100), "docker.sock")
}

func TestAddress(t *testing.T) {
	t.Parallel()
	p := places(t)
	direct := filepath.Join(p.Home, "state/dev/docker.sock")
	temp := filepath.Join(p.Temp, "fbdock-"+strconv.Itoa(os.Geteuid()))
	far := "/" + strings.Repeat("y", 100)
	for _, c := range []struct{ name, path, home, runtime, want string }{
		{"short", direct, p.Home, p.Runtime, filepath.Dir(direct)},
		{"short in a folder of that Java's URI refuses", filepath.Join(p.Home, "Application Support/docker.sock"), p.Home, p.Runtime, p.Home + "/.fbdock-run"},
		{"long", long(p), p.Home, p.Runtime, p.Home + "/.fbdock-run"},
		{"long home", long(p), far, p.Runtime, p.Runtime + "/fbdock"},
		{"home with a space", long(p), "/home/some user", p.Runtime, p.Runtime + "/fbdock"},
		{"home that cannot be written", long(p), "/dev/null", p.Runtime, p.Runtime + "/fbdock"},
		{"no home", long(p), "", p.Runtime, p.Runtime + "/fbdock"},
		{"neither", long(p), "", "", temp},
		{"relative ones", long(p), "home", "run", temp},
		{"both long", long(p), far, far, temp},
	} {
		got, err := localsocket.Places{Home: c.home, Runtime: c.runtime, Temp: p.Temp}.Address(c.path)
		if err != nil || filepath.Dir(got) != c.want || filepath.Ext(got) != ".sock" || len(got) > 103 {
			t.Errorf("Address() of %s (%q) = %q, %v, want one in %s", c.name, c.path, got, err, c.want)
		}
	}
	for _, dir := range []string{p.Home + "/.fbdock-run", p.Runtime + "/fbdock", temp} {
		if info, err := os.Lstat(dir); err != nil || info.Mode() != os.ModeDir|0o700 {
			t.Errorf("Lstat(%s) = %v, %v, want a folder with mode 0700", dir, info, err)
		}
	}
	if _, err := os.Lstat(filepath.Dir(direct)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Lstat of the folder after Address() of a short path: error = %v, want ErrNotExist", err)
	}
}

// TestPlanted: issue 12, line 6. A folder that another user has made, or
// could replace, is not given out; the next place is taken, and without any
// there is an error that says what is wrong.
func TestPlanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		root  bool
		plant func(t *testing.T, dir string)
		want  string
	}{
		{"another user's folder", true, func(t *testing.T, dir string) { mkdir(t, dir, 0o755); give(t, dir) }, "belongs to user 54321"},
		{"another user's private folder", true, func(t *testing.T, dir string) { mkdir(t, dir, 0o700); give(t, dir) }, "belongs to user 54321"},
		{"another user's link", true, func(t *testing.T, dir string) {
			mkdir(t, dir+"-mine", 0o700)
			link(t, dir+"-mine", dir)
			give(t, dir)
		}, "symbolic link"},
		{"a link of one's own", false, func(t *testing.T, dir string) {
			mkdir(t, dir+"-mine", 0o700)
			link(t, dir+"-mine", dir)
		}, "symbolic link"},
		{"a file", false, func(t *testing.T, dir string) {
			if err := os.WriteFile(dir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a folder"},
		{"a folder that others write to", false, func(t *testing.T, dir string) { mkdir(t, dir, 0o722) }, "chmod 700"},
		{"a folder that others look into", false, func(t *testing.T, dir string) { mkdir(t, dir, 0o750) }, "chmod 700"},
		{"a parent that all write to", false, func(t *testing.T, dir string) {
			mkdir(t, dir, 0o700)
			chmod(t, filepath.Dir(dir), 0o777)
		}, "every user may write"},
		{"a parent of another user", true, func(t *testing.T, dir string) { mkdir(t, dir, 0o700); give(t, filepath.Dir(dir)) }, "belongs to user 54321"},
		{"a parent that a group writes to", true, func(t *testing.T, dir string) {
			mkdir(t, dir, 0o700)
			if err := os.Chown(filepath.Dir(dir), os.Geteuid(), otherUser); err != nil {
				t.Fatal(err)
			}
			chmod(t, filepath.Dir(dir), 0o770)
		}, "group 54321 may write"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.root {
				needRoot(t)
			}
			p := places(t)
			temp := filepath.Join(p.Temp, "fbdock-"+strconv.Itoa(os.Geteuid()))
			c.plant(t, p.Home+"/.fbdock-run")
			if got, err := p.Address(long(p)); err != nil || filepath.Dir(got) != p.Runtime+"/fbdock" {
				t.Errorf("Address() = %q, %v, want one in XDG_RUNTIME_DIR", got, err)
			}
			if err := os.RemoveAll(p.Runtime + "/fbdock"); err != nil {
				t.Fatal(err)
			}
			c.plant(t, p.Runtime+"/fbdock")
			c.plant(t, temp)
			got, err := p.Address(long(p))
			unsafe, ok := errors.AsType[*localsocket.UnsafeError](err)
			if !ok || !strings.Contains(err.Error()+unsafe.Hint(), c.want) {
				t.Errorf("Address() = %q, %v, want an UnsafeError that says %q", got, err, c.want)
			}
			if l, err := localsocket.Listen(t.Context(), temp+"/docker.sock"); err == nil {
				_ = l.Close()
				t.Error("Listen() in a folder of another user: no error, want one")
			}
			if got, err := p.Address(temp + "/docker.sock"); err == nil {
				t.Errorf("Address() in a folder of another user = %q, want another path", got)
			}
		})
	}
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

// TestPlantedSocket: what another user has put into a folder that was open for
// a while is not given out.
func TestPlantedSocket(t *testing.T) {
	t.Parallel()
	needRoot(t)
	p := places(t)
	address, err := p.Address(long(p))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(address, nil, 0o666); err != nil { //nolint:gosec // it is another user's
		t.Fatal(err)
	}
	if _, err := p.Address(long(p)); err != nil && !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("Address() with a file in the place of the socket: error = %v, want none or \"not a socket\"", err)
	}
	give(t, address)
	for name, ask := range map[string]string{"short folder": long(p), "direct": address} {
		got, err := p.Address(ask)
		if err == nil && got == address {
			t.Errorf("Address() of the %s = %s, another user's file, want it refused", name, got)
		}
	}
	if l, err := localsocket.Listen(t.Context(), address); err == nil {
		_ = l.Close()
		t.Error("Listen() on another user's file: no error, want one")
	}
}

// TestUmask: the folder and the socket are this user's alone whatever the
// umask is.
func TestUmask(t *testing.T) { //nolint:paralleltest // the umask is the process's
	for _, mask := range []int{0, 0o022, 0o077, 0o777} {
		p := places(t)
		old := syscall.Umask(mask)
		address, err := p.Address(long(p))
		if err != nil {
			syscall.Umask(old)
			t.Fatal(err)
		}
		l, err := localsocket.Listen(t.Context(), address)
		syscall.Umask(old)
		if err != nil {
			t.Fatalf("Listen() with umask %o: %v, want no error", mask, err)
		}
		for path, want := range map[string]os.FileMode{filepath.Dir(address): os.ModeDir | 0o700, address: os.ModeSocket | 0o600} {
			if info, err := os.Lstat(path); err != nil || info.Mode() != want {
				t.Errorf("mode of %[2]s with umask %[1]o = %[3]v, %[4]v, want %[5]v", mask, path, info.Mode(), err, want)
			}
		}
		_ = l.Close()
	}
}
