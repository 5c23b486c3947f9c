package mount_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/mount"
)

func TestBinds(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		goos, line string
		want       []string
	}{
		{"linux", "run -v /a:/b alpine -v /c:/d", []string{"/a"}},
		{"linux", "run -v=/a:/b -v/c:/d --volume /e:/f:ro --volume=/g:/h x", []string{"/a", "/c", "/e", "/g"}},
		{"linux", "run -itv /a:/b x", []string{"/a"}},
		{"linux", "run -itdv=/a:/b x", []string{"/a"}},
		{"linux", "run --rm -it --name -v -v /a:/b x", []string{"/a"}},
		{"linux", "run -e -v -w /tmp -p 1:2 -v /a:/b x", []string{"/a"}},
		{"linux", "container create --mount type=bind,src=/a,dst=/b x", []string{"/a"}},
		{"linux", "container run --mount=type=bind,source=/a,target=/b,readonly x", []string{"/a"}},
		{"linux", "create --mount dst=/b,Source=/a,TYPE=bind x", []string{"/a"}},
		{"linux", `run --mount "src=/a,b",type=bind,dst=/c x`, []string{"/a,b"}},
		{"linux", `run --mount type=bind,src=a"b x`, nil}, // docker refuses it as well
		{"linux", `run --mount type=bind,"src=/a,b",dst=/c x`, []string{"/a,b"}},
		{"linux", "run --mount type=volume,src=data,dst=/b --mount src=vol,dst=/c --mount type=tmpfs,dst=/t x", nil},
		{"linux", "run -v data:/b -v /anonymous -v .:/b -v ../x:/y -v ~/x:/z x", []string{".", "../x", "~/x"}},
		{"linux", "-H tcp://x --context c --log-level debug -D run -v /a:/b x", []string{"/a"}},
		{"linux", "--host=tcp://x --tls run -v /a:/b x", []string{"/a"}},
		{"linux", "ps -v /a:/b", nil},
		{"linux", "exec -v /a:/b c", nil},
		{"linux", "run -v", nil},
		{"linux", "run -- x -v /a:/b", nil},
		{"linux", "", nil},
		{"windows", `run -v C:\Users\x:/b -v D:/y:/c:ro -v data:/d -v .\src:/e x`, []string{`C:\Users\x`, "D:/y", `.\src`}},
		{"windows", `run --mount type=bind,src=C:\x,dst=/b x`, []string{`C:\x`}},
		{"windows", `run -v //c/x:/b -v \\server\share:/c x`, []string{"//c/x", `\\server\share`}},
	} {
		var got []string
		args := strings.Fields(test.line)
		for _, b := range mount.Binds(args, test.goos) {
			got = append(got, b.Source)
			if b.At >= 0 && args[b.Arg][b.At:b.At+len(b.Source)] != b.Source {
				t.Errorf("%s: %+v is not there", test.line, b)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s: %s", test.goos, test.line, diff)
		}
	}
}

func TestReadsFolder(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"build .": true, "--context x compose up": true, "buildx build": true, "run x": false, "": false, "--debug": false,
	} {
		if got := mount.ReadsFolder(strings.Fields(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

// there says that everything is on the laptop but what begins with /guest.
func there(goos, dir string) mount.Laptop {
	return mount.Laptop{GOOS: goos, Dir: dir, Exists: func(p string) bool { return !strings.HasPrefix(p, "/guest") }}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	unix := []mount.Folder{{Source: "/home/me/src", Target: "/home/me/src"}, {Source: "/home/me/src/sub", Target: "/sub"}, {Source: "/data", Target: "/srv"}}
	win := []mount.Folder{{Source: `C:\Users\me`, Target: "/c/Users/me"}}
	for _, test := range []struct {
		laptop     mount.Laptop
		mounts     []mount.Folder
		line, want string
		used       bool
		outside    string
	}{
		{there("linux", "/home/me/src/a"), unix, "run -v /home/me/src:/x y", "run -v /home/me/src:/x y", true, ""},
		{there("linux", "/home/me/src/a"), unix, "run -v .:/x -v ./b:/y y", "run -v /home/me/src/a:/x -v /home/me/src/a/b:/y y", true, ""},
		{there("linux", "/"), unix, "run -v /data/x:/x --mount type=bind,src=/home/me/src/sub/z,dst=/y y", "run -v /srv/x:/x --mount type=bind,src=/sub/z,dst=/y y", true, ""},
		{there("linux", "/"), unix, "run -v /guest/x:/x -v vol:/y y", "run -v /guest/x:/x -v vol:/y y", false, ""},
		{there("linux", "/"), unix, "run -v /srv/x:/x y", "run -v /srv/x:/x y", false, ""},
		{there("linux", "/"), unix, "run -v /var/run/docker.sock:/var/run/docker.sock -v /dev:/dev y", "run -v /var/run/docker.sock:/var/run/docker.sock -v /dev:/dev y", false, ""},
		{there("linux", "/"), unix, "run -v /home/me:/x y", "", false, "/home/me"},
		{there("linux", "/"), unix, "run -v /home/me/src-other:/x y", "", false, "/home/me/src-other"},
		{there("linux", "/tmp"), unix, "run -v ./x:/x y", "", false, "/tmp/x"},
		{there("linux", "/"), nil, "run --mount type=bind,src=/etc/hosts,dst=/x y", "", false, "/etc/hosts"},
		{there("windows", `C:\Users\me\p`), win, `run -v c:\users\ME\p:/x -v .\sub:/y:ro y`, "run -v /c/Users/me/p:/x -v /c/Users/me/p/sub:/y:ro y", true, ""},
		{there("windows", `C:\Users\me\p`), win, `run -v D:\x:/x y`, "", false, `D:\x`},
	} {
		got, used, err := mount.Resolve(strings.Fields(test.line), test.mounts, test.laptop)
		outside, refused := errors.AsType[*mount.OutsideError](err)
		if refused != (test.outside != "") || (refused && (outside.Path != test.outside || !strings.Contains(outside.Hint(), "mount \""))) {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		if !refused && (strings.Join(got, " ") != test.want || (len(used) > 0) != test.used) {
			t.Errorf("%s: %q, used %v", test.line, got, used)
		}
	}
}

func TestGuestDir(t *testing.T) {
	t.Parallel()
	mounts := []mount.Folder{{Source: "/", Target: "/laptop"}, {Source: "/home/me/", Target: "/home/me"}}
	for dir, want := range map[string]string{"/home/me": "/home/me", "/home/me/a/b/": "/home/me/a/b", "/home/men": "/laptop/home/men", "/": "/laptop"} {
		if got, ok := mount.GuestDir("linux", dir, mounts); !ok || got != want {
			t.Errorf("%s is %s, %v", dir, got, ok)
		}
	}
	if got, ok := mount.GuestDir("linux", "/x", mounts[1:]); ok {
		t.Errorf("/x is %s", got)
	}
	if got, ok := mount.GuestDir("windows", `C:\Users\ME\Src`, []mount.Folder{{Source: `c:\users\me`, Target: "/c/Users/me"}}); !ok || got != "/c/Users/me/Src" {
		t.Errorf("%s, %v", got, ok)
	}
}

// TestLiveScript names the note as guest.sh does, by cksum(1).
func TestLiveScript(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cksum"); err != nil {
		t.Skip("no cksum here")
	}
	for _, target := range []string{"/", "/home/me/src", "/tar get/ünicode", "/" + strings.Repeat("x", 300)} {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", "cksum | tr ' ' -")
		cmd.Stdin = strings.NewReader(target)
		want, err := cmd.Output()
		if got := mount.LiveScript(target); err != nil || !strings.Contains(got, "/"+strings.TrimSpace(string(want))+".live ") {
			t.Errorf("%s: %s, want %s, %v", target, got, want, err)
		}
	}
}

func FuzzBinds(f *testing.F) {
	f.Add("run -itv /a:/b --mount type=bind,src=/c,dst=/d x", "linux")
	f.Add(`run -v C:\x:/b y`, "windows")
	f.Fuzz(func(t *testing.T, line, goos string) {
		args := strings.Split(line, " ")
		got, _, err := mount.Resolve(args, []mount.Folder{{Source: "/a", Target: "/t"}}, there(goos, "/a"))
		if err == nil && len(got) != len(args) {
			t.Fatalf("%q became %q", args, got)
		}
		if binds := mount.Binds(args, goos); err == nil && len(binds) == 0 && !slices.Equal(got, args) {
			t.Fatalf("without binds %q became %q", args, got)
		}
	})
}
