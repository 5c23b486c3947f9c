package dockerpaths_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/mount"
)

// absent says that nothing is on the host.
func absent(goos, dir string) dockerpaths.Host {
	return dockerpaths.Host{GOOS: goos, Dir: dir, Exists: func(string) bool { return false }}
}

func TestResolveFiles(t *testing.T) {
	t.Parallel()
	mounts := []mount.Folder{{Source: "/p", Target: "/src"}}
	win := []mount.Folder{{Source: `C:\p`, Target: "/c/p"}}
	for _, tt := range []struct {
		host       dockerpaths.Host
		mounts     []mount.Folder
		inside     bool
		line, want string // and the paths outside, behind " | "
	}{
		{there("linux", "/p"), mounts, true, "build . -t foo", "build . -t foo"},
		{there("linux", "/"), mounts, false, "build ./p -t foo", "build /src -t foo"},
		{there("linux", "/p"), mounts, true, "build -f /p/a/Dockerfile -t /p/x /p/a", "build -f /src/a/Dockerfile -t /p/x /src/a"},
		{there("linux", "/p"), mounts, true, "image build --file=/p/D --iidfile /p/i /p", "image build --file=/src/D --iidfile /src/i /src"},
		{there("linux", "/p"), mounts, true, "run --env-file /p/.env -e A=/p x --env-file /p/.env", "run --env-file /src/.env -e A=/p x --env-file /p/.env"},
		{there("linux", "/p"), mounts, true, "exec -it --env-file=/p/e c cat /p/e", "exec -it --env-file=/src/e c cat /p/e"},
		{there("linux", "/p"), mounts, true, "cp /p/a c:/p/a", "cp /src/a c:/p/a"},
		{there("linux", "/p"), mounts, true, "container cp -aL c:/p/a /p/b", "container cp -aL c:/p/a /src/b"},
		{there("linux", "/p"), mounts, true, "cp - c:/x", "cp - c:/x"},
		{there("linux", "/p"), mounts, true, "save -o /p/x.tar i", "save -o /src/x.tar i"},
		{there("linux", "/p"), mounts, true, "load -qi /p/x.tar", "load -qi /src/x.tar"},
		{there("linux", "/p"), mounts, true, "import /p/x.tar i", "import /src/x.tar i"},
		{there("linux", "/p"), mounts, true, "cp /elsewhere c:/x", "cp /elsewhere c:/x | /elsewhere"},
		{there("linux", "/p"), mounts, true, "ps --filter name=/p", "ps --filter name=/p"},
		{there("linux", "/p"), mounts, true, "cp ../e c:/x", "cp ../e c:/x | /e"},
		{there("linux", "/p"), mounts, true, "cp /p/d/. c:/x", "cp /src/d/. c:/x"},
		{there("linux", "/p"), mounts, true, "cp c:/x /p/d/", "cp c:/x /src/d/"},
		{there("linux", "/p"), mounts, true, "cp /src/d/. c:/x", "cp /src/d/. c:/x"},
		{there("linux", "/q"), mounts, false, "save -o x.tar i", "save -o x.tar i | /q/x.tar"},
		{there("linux", "/q"), mounts, false, "run --cidfile=id --env-file e x", "run --cidfile=id --env-file e x | /q/e /q/id"},
		{there("linux", "/q"), mounts, false, "build --secret id=a,src=/p/s --secret id=b,env=B --secret id=c,src=/q/s /p", "build --secret id=a,src=/src/s --secret id=b,env=B --secret id=c,src=/q/s /src | /q/s"},
		{there("linux", "/p"), mounts, false, "build --secret id=s,src=s -", "build --secret id=s,src=/src/s -"},
		{there("linux", "/p"), mounts, false, "build --secret id=s -", "build --secret id=s,src=/src/s -"},
		{there("linux", "/p"), mounts, true, "build --secret id=s .", "build --secret id=s ."},
		{there("linux", "/q"), mounts, false, "build --secret id=s -", "build --secret id=s - | /q/s"},
		{there("linux", "/q"), mounts, false, "build --secret id=SET -", "build --secret id=SET -"},
		{there("linux", "/q"), mounts, false, "build --secret id=s,src=/x,source=/p/s -", "build --secret id=s,src=/x,source=/src/s -"},
		{there("linux", "/q"), mounts, false, `build --secret "src=/p/a,b",id=s -`, `build --secret "src=/src/a,b",id=s -`},
		{there("linux", "/q"), mounts, false, "build --build-context src=/p/src -o type=tar,dest=/p/type -", "build --build-context src=/src/src -o type=tar,dest=/src/type -"},
		{there("linux", "/q"), mounts, false, "build --cache-from type=local,src=/p/c,dest=/p/d -o a=b -", "build --cache-from type=local,src=/src/c,dest=/p/d -o a=b - | /q/a=b"},
		{there("linux", "/q"), mounts, false, "buildx build --policy filename=/p/a,filename=/x,strict=true,filename=/p/b -", "buildx build --policy filename=/src/a,filename=/x,strict=true,filename=/src/b - | /x"},
		{there("linux", "/q"), mounts, false, "swarm init --external-ca protocol=cfssl,url=https://x,cacert=/p/ca", "swarm init --external-ca protocol=cfssl,url=https://x,cacert=/src/ca"},
		{there("linux", "/q"), mounts, false, "compose --workdir /p run -w /p x", "compose --workdir /src run -w /p x"},
		{absent("linux", "/p"), mounts, false, "build git@github.com:x/y.git", "build git@github.com:x/y.git"},
		{absent("linux", "/p"), mounts, false, "build --build-context x=me@host:y github.com/x/y", "build --build-context x=me@host:y github.com/x/y"},
		{there("linux", "/p"), mounts, false, "build github.com/x", "build /src/github.com/x"},
		{there("linux", "/q"), mounts, false, "build -o out --cache-to type=local,dest=/p/c --build-context x=/p/x /p", "build -o out --cache-to type=local,dest=/src/c --build-context x=/src/x /src | /q/out"},
		{there("linux", "/q"), mounts, false, "run --security-opt seccomp=/p/s.json --security-opt seccomp=unconfined x", "run --security-opt seccomp=/src/s.json --security-opt seccomp=unconfined x"},
		{there("linux", "/q"), mounts, false, "build https://example.com/x.git", "build https://example.com/x.git"},
		{there("windows", `C:\p`), win, true, `build -f sub\D .`, `build -f /c/p/sub/D .`},
		{there("windows", `C:\p`), win, true, `cp C:\p\f web:/x`, `cp /c/p/f web:/x`},
		{there("windows", `C:\p`), win, true, `build -f C:\p\D C:\p`, `build -f /c/p/D /c/p`},
		{there("windows", `C:\p`), win, true, `run --env-file C:\p\e x`, `run --env-file /c/p/e x`},
	} {
		dir := ""
		if tt.inside {
			dir = tt.mounts[0].Target
		}
		tt.host.Lookup = func(name string) (string, bool) { return "", name == "SET" }
		words, _, outside := dockerpaths.ResolveFiles(strings.Fields(tt.line), tt.mounts, tt.host, dir)
		got := strings.Join(words, " ")
		for i, f := range outside {
			got += map[bool]string{true: " | ", false: " "}[i == 0] + f.Path
		}
		if got != tt.want {
			t.Errorf("ResolveFiles(%q) = %q, want %q", tt.line, got, tt.want)
		}
	}
}
