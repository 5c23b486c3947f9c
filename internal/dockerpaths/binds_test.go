package dockerpaths_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/dockerpaths"
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
		for _, b := range dockerpaths.Binds(args, test.goos) {
			got = append(got, b.Source)
			if b.At < 0 || !strings.HasPrefix(args[b.Arg][b.At:], b.Source) && !strings.Contains(args[b.Arg][b.At:b.At+b.Len], "="+b.Source) {
				t.Errorf("Binds(%q) has %+v, want the source at that place", test.line, b)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Binds(%q) on %s (-want +got):\n%s", test.line, test.goos, diff)
		}
	}
}

func TestReadsFolder(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"build .": true, "--context x compose up": true, "buildx build": true, "run x": false, "": false, "--debug": false,
	} {
		if got := dockerpaths.ReadsFolder(strings.Fields(line)); got != want {
			t.Errorf("ReadsFolder(%q) = %v, want %v", line, got, want)
		}
	}
}

// there says that everything is on the host but what begins with /guest.
func there(goos, dir string) dockerpaths.Host {
	return dockerpaths.Host{GOOS: goos, Dir: dir, Exists: func(p string) bool { return !strings.HasPrefix(p, "/guest") }}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	unix := []mount.Folder{{Source: "/home/me/src", Target: "/home/me/src"}, {Source: "/home/me/src/sub", Target: "/sub"}, {Source: "/data", Target: "/srv"}}
	win := []mount.Folder{{Source: `C:\Users\me`, Target: "/c/Users/me"}}
	for _, test := range []struct {
		host       dockerpaths.Host
		mounts     []mount.Folder
		line, want string
		used       bool
		outside    string
	}{
		{there("linux", "/home/me/src/a"), unix, "run -v /home/me/src:/x y", "run -v /home/me/src:/x y", true, ""},
		{there("linux", "/home/me/src/a"), unix, "run -v .:/x -v ./b:/y y", "run -v /home/me/src/a:/x -v /home/me/src/a/b:/y y", true, ""},
		{there("linux", "/"), unix, "run -v /data/x:/x --mount type=bind,src=/home/me/src/sub/z,dst=/y y", "run -v /srv/x:/x --mount type=bind,src=/sub/z,dst=/y y", true, ""},
		{there("linux", "/"), unix, "run --mount id=/data,type=bind,src=/data,dst=/data y", "run --mount id=/data,type=bind,src=/srv,dst=/data y", true, ""},
		{there("linux", "/"), unix, "run --mount type=bind,src=/etc,dst=/x,source=/data y", "run --mount type=bind,src=/etc,dst=/x,source=/srv y", true, ""},
		{there("linux", "/"), unix, `run --mount "src=/data/a,b",type=bind,dst=/c y`, `run --mount "src=/srv/a,b",type=bind,dst=/c y`, true, ""},
		{there("linux", "/"), unix, `run --mount=type=bind,"src=/data/a""b",dst=/c y`, `run --mount=type=bind,"src=/srv/a""b",dst=/c y`, true, ""},
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
		got, used, err := dockerpaths.Resolve(strings.Fields(test.line), test.mounts, test.host)
		outside, refused := errors.AsType[*dockerpaths.OutsideError](err)
		if refused != (test.outside != "") || (refused && (outside.Path != test.outside || !strings.Contains(outside.Hint(), "mount \""))) {
			t.Errorf("Resolve(%q): error = %v, want an OutsideError of %q or none", test.line, err, test.outside)
			continue
		}
		if !refused && (strings.Join(got, " ") != test.want || (len(used) > 0) != test.used) {
			t.Errorf("Resolve(%q) = %q, used %v, want %q, used: %v", test.line, got, used, test.want, test.used)
		}
	}
}

// TestResolveLinks: a bind is what its path leads to on this host, as beside a
// local engine.
func TestResolveLinks(t *testing.T) {
	t.Parallel()
	links := map[string]string{
		"/p/etc": "/etc", "/p/other": "/data/x", "/p/in": "/p/a", "/p/sock": "/run/docker.sock", "/elsewhere": "/p/a", "/p/etc/new": "/etc/new",
		"/link": "/real", "/link/f": "/real/f", "/p/npmrc": "/home/me/.npmrc",
	}
	host := dockerpaths.Host{
		GOOS: "linux", Dir: "/p", Socket: "/run/user/1000/fbdock/docker.sock",
		Exists: func(p string) bool { return !strings.HasSuffix(p, "/new") },
		IsDir:  func(p string) bool { return !strings.HasSuffix(p, "rc") },
		Real: func(p string) (string, error) {
			if to, ok := links[p]; ok {
				return to, nil
			}
			return p, nil
		},
	}
	mounts := []mount.Folder{{Source: "/p", Target: "/p"}, {Source: "/data", Target: "/srv"}, {Source: "/link", Target: "/mnt"}}
	for line, want := range map[string]string{
		"run -v ./in:/x y":       "run -v /p/in:/x y",
		"run -v ./other:/x y":    "run -v /srv/x:/x y",
		"run -v /elsewhere:/x y": "run -v /p/a:/x y",
		"run -v ./sock:/x y":     "run -v /p/sock:/x y",
		"run -v /link/f:/x y":    "run -v /mnt/f:/x y",
		"run -v /real/f:/x y":    "run -v /mnt/f:/x y",
		"run -v /run/user/1000/fbdock/docker.sock:/var/run/docker.sock y": "run -v /var/run/docker.sock:/var/run/docker.sock y",
		"run --mount type=bind,src=./other,dst=/x y":                      "run --mount type=bind,src=/srv/x,dst=/x y",
		"run -v ./etc:/x y": "/p/etc leads to /etc", "run -v ./etc/new:/x y": "/p/etc/new leads to /etc/new", "run -v /etc:/x y": "/etc is on this computer",
		"run -v ./npmrc:/x y": "/p/npmrc leads to /home/me/.npmrc",
	} {
		got, _, err := dockerpaths.Resolve(strings.Fields(line), mounts, host)
		text := strings.Join(got, " ")
		if err != nil {
			text = err.Error()
		}
		if text != want && (err == nil || !strings.HasPrefix(text, want)) {
			t.Errorf("Resolve(%q) = %q, want %q", line, text, want)
		}
	}
	// So is a file that the docker CLI reads.
	for line, want := range map[string]string{
		"cp ./in c:/x": "cp /p/in c:/x", "cp ./other c:/x": "cp /srv/x c:/x", "cp /link/f c:/x": "cp /mnt/f c:/x", "cp /real/f c:/x": "cp /mnt/f c:/x",
		"cp ./etc c:/x": "outside /p/etc", "cp /etc c:/x": "outside /etc",
	} {
		args, _, outside := dockerpaths.ResolveFiles(strings.Fields(line), mounts, host, "")
		got := strings.Join(args, " ")
		for _, f := range outside {
			got = "outside " + f.Path
		}
		if got != want {
			t.Errorf("ResolveFiles(%q) = %q, want %q", line, got, want)
		}
	}
	// The hint is one that fbdock.hcl takes: a folder, quoted as HCL does.
	for path, want := range map[string]string{
		"/home/me/.npmrc": "put a copy of the file into a folder that is mounted, or add `mount \"/home/me\" {}`",
		"/home/${x}":      "add `mount \"/home/$${x}\" {}`",
	} {
		_, _, err := dockerpaths.Resolve([]string{"run", "-v", path + ":/x", "y"}, mounts, host)
		outside, ok := errors.AsType[*dockerpaths.OutsideError](err)
		if !ok || !strings.HasPrefix(outside.Hint(), want) {
			t.Errorf("Resolve of %s: %v, want an OutsideError with %q", path, err, want)
		}
	}
}

// TestComposeLinks: the paths of a compose file are read by the engine, and
// so its links have to lead there to where they lead here.
func TestComposeLinks(t *testing.T) {
	t.Parallel()
	links := map[string]string{"/p/same": "/q/x", "/p/other": "/data/x", "/p/in": "/p/a", "/p/out": "/etc"}
	host := dockerpaths.Host{
		GOOS: "linux", Dir: "/p", Socket: "/home/me/.fbdock.sock", Exists: func(string) bool { return true },
		Real: func(p string) (string, error) {
			if to, ok := links[p]; ok {
				return to, nil
			}
			return p, nil
		},
	}
	mounts := []mount.Folder{
		{Source: "/p", Target: "/p"}, {Source: "/q", Target: "/q"}, {Source: "/data", Target: "/srv"}, {Source: "/moved", Target: "/m"},
	}
	for source, want := range map[string]string{
		"./in": "", "./same": "", "./plain": "", "/srv/x": "", "/q/x": "",
		"/data/x": "write /srv/x instead of it", "/moved/sub/x": "write ./x instead of it",
		"./other": "write /srv/x instead of it", "./out": "add `mount \"/etc\" {}`", "/home/me/.fbdock.sock": "write /var/run/docker.sock instead of it",
	} {
		project := "/p"
		if strings.HasPrefix(source, "/moved/sub") {
			project = "/moved/sub"
		}
		binds := dockerpaths.ComposeBinds([]byte("services: {x: {volumes: ['"+source+":/y']}}"), "linux", nil)
		_, _, err := dockerpaths.ResolveCompose(nil, dockerpaths.Compose{}, binds, project, mounts, host)
		hint := ""
		if h, ok := err.(interface{ Hint() string }); ok {
			hint = h.Hint()
		}
		if (err != nil) != (want != "") || !strings.HasPrefix(hint, want) {
			t.Errorf("a compose file with %s: %v, hint %q, want %q", source, err, hint, want)
		}
	}
}

func TestGuestDir(t *testing.T) {
	t.Parallel()
	mounts := []mount.Folder{{Source: "/", Target: "/host"}, {Source: "/home/me/", Target: "/home/me"}}
	for dir, want := range map[string]string{"/home/me": "/home/me", "/home/me/a/b/": "/home/me/a/b", "/home/men": "/host/home/men", "/": "/host"} {
		if got, ok := dockerpaths.GuestDir("linux", dir, mounts); !ok || got != want {
			t.Errorf("GuestDir(%q) = %q, %v, want %q", dir, got, ok, want)
		}
	}
	if got, ok := dockerpaths.GuestDir("linux", "/x", mounts[1:]); ok {
		t.Errorf("GuestDir(%q) = %q, want none", "/x", got)
	}
	if got, ok := dockerpaths.GuestDir("windows", `C:\Users\ME\Src`, []mount.Folder{{Source: `c:\users\me`, Target: "/c/Users/me"}}); !ok || got != "/c/Users/me/Src" {
		t.Errorf("GuestDir(%q) = %q, %v, want %q", `C:\Users\ME\Src`, got, ok, "/c/Users/me/Src")
	}
}

func FuzzBinds(f *testing.F) {
	f.Add("run -itv /a:/b --mount type=bind,src=/c,dst=/d x", "linux")
	f.Add(`run -v C:\x:/b y`, "windows")
	f.Fuzz(func(t *testing.T, line, goos string) {
		args := strings.Split(line, " ")
		got, _, err := dockerpaths.Resolve(args, []mount.Folder{{Source: "/a", Target: "/t"}}, there(goos, "/a"))
		if err == nil && len(got) != len(args) {
			t.Fatalf("Resolve(%q) = %q, want as many words", args, got)
		}
		if binds := dockerpaths.Binds(args, goos); err == nil && len(binds) == 0 && !slices.Equal(got, args) {
			t.Fatalf("Resolve(%q) = %q, want it unchanged without binds", args, got)
		}
	})
}
