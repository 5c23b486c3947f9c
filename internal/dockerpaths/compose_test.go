package dockerpaths_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/mount"
)

func TestComposeBinds(t *testing.T) {
	t.Parallel()
	const text = `
x-common: &common
  volumes:
    - /anchored:/a
services:
  web:
    volumes:
      - ./src:/src:ro
      - data:/data
      - /anonymous
      - ../up:/up
      - ~/.aws:/aws
      - ${PLACE:-/default}:/d
      - ${UNKNOWN}/x:/u
      - $PLACE2/y:/y
      - /a$$b:/dollar
      - {type: bind, source: /long, target: /l}
      - {type: volume, source: data, target: /v}
      - {type: bind, source: "${PWD}/p", target: /p}
  merged:
    <<: *common
  none:
configs:
  one: {file: ./conf}
secrets:
  two: {file: /secret}
  three: {environment: X}
volumes:
  data:
  bound:
    driver_opts: {type: none, o: "bind,ro", device: /device}
`
	variables := map[string]string{"PLACE2": "/two", "PWD": "/opt"}
	var got []string
	for _, b := range dockerpaths.ComposeBinds([]byte(text), "linux", func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}) {
		got = append(got, b.Source)
	}
	want := strings.Fields("../up ./conf ./src /a$b /anchored /default /device /long /opt/p /secret /two/y /x ~/.aws")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ComposeBinds() (-want +got):\n%s", diff)
	}
	for _, text := range []string{"", "\t", "services: 3", "[1, 2]", "services: {a: {volumes: {b: c}}}", "a: &a [*a]"} {
		if got := dockerpaths.ComposeBinds([]byte(text), "linux", nil); got != nil {
			t.Errorf("ComposeBinds(%q) = %v, want none", text, got)
		}
	}
}

func TestComposeVariables(t *testing.T) {
	t.Parallel()
	known := map[string]string{"A": "a", "EMPTY": ""}
	for text, want := range map[string]string{
		"$A-${A}": "a-a", "$$A": "$A", "${B:-x}": "x", "${EMPTY:-x}": "x", "${EMPTY-x}": "", "${A:+y}": "y", "${B:+y}": "", "${EMPTY+y}": "y",
		"${B:-${A}/z}": "a/z", "${A:?no}": "a", "$B": "", "${B:?no}": "-", "${A": "-", "$": "$", "${}": "-", "${A%x}": "-", "${B:-${C}}": "",
	} {
		binds := dockerpaths.ComposeBinds([]byte("services: {a: {volumes: [{type: bind, source: '/"+text+"'}]}}"), "linux", func(name string) (string, bool) {
			value, ok := known[name]
			return value, ok
		})
		got := "-"
		if len(binds) == 1 {
			got = strings.TrimPrefix(binds[0].Source, "/")
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

func TestComposeOf(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"compose up -d": "up", "compose -f a.yml --file=b.yml -p x run web -f y": "run a.yml b.yml", "compose --project-directory /p --env-file /e --env-file=/f ps": "ps /p /e /f",
		"-H x compose --dry-run --profile=a create": "create", "compose": "", "compose -f": "", "compose -fa.yml up": "up a.yml",
	} {
		c, ok := dockerpaths.ComposeOf(strings.Fields(line))
		got := c.Word
		for _, f := range c.Files {
			got += " " + f.Source
		}
		if c.Dir != nil {
			got += " " + c.Dir.Source
		}
		for _, f := range c.Env {
			got += " " + f.Source
		}
		if !ok || got != want {
			t.Errorf("ComposeOf(%q) = %q, %v, want %q", line, got, ok, want)
		}
	}
	if _, ok := dockerpaths.ComposeOf([]string{"run", "compose"}); ok {
		t.Error("ComposeOf(run compose) = true, want false")
	}
}

func TestResolveCompose(t *testing.T) {
	t.Parallel()
	mounts := []mount.Folder{{Source: `C:\Users\me\src`, Target: "/c/Users/me/src"}}
	host := there("windows", `C:\Users\me\src`)
	args := strings.Fields(`compose -f sub\c.yml --env-file=C:\Users\me\src\.env up`)
	c, _ := dockerpaths.ComposeOf(args)
	got, used, err := dockerpaths.ResolveCompose(args, c, []dockerpaths.Bind{{Source: `.\data`, At: -1}}, `C:\Users\me\src\sub`, mounts, host)
	if want := "compose -f /c/Users/me/src/sub/c.yml --env-file=/c/Users/me/src/.env up"; err != nil || strings.Join(got, " ") != want || len(used) != 3 {
		t.Errorf("ResolveCompose() = %q, used %v, %v, want %q and 3 used", got, used, err, want)
	}
	for _, bind := range []string{`..\..\far`, `D:\x`} {
		_, _, err = dockerpaths.ResolveCompose(args, c, []dockerpaths.Bind{{Source: bind, At: -1}}, `C:\Users\me\src\sub`, mounts, host)
		if _, ok := errors.AsType[*dockerpaths.OutsideError](err); !ok {
			t.Errorf("ResolveCompose() with bind %s: error = %v, want an OutsideError", bind, err)
		}
	}
}

// TestComposeProject finds the files that compose would.
func TestComposeProject(t *testing.T) {
	t.Parallel()
	files := map[string]bool{"/p/docker-compose.yml": true, "/p/docker-compose.override.yml": true, "/p/q/compose.yaml": true, "/p/q/compose.yml": true}
	host := dockerpaths.Host{GOOS: "linux", Dir: "/p/q/r", Exists: func(name string) bool { return files[name] }}
	for line, want := range map[string]string{
		"compose up": "/p/q/compose.yaml in /p/q", "compose -f ../../docker-compose.yml -f x up": "/p/docker-compose.yml /p/q/r/x in /p",
		"compose -f - up": " in ", "compose --project-directory /z up": "/p/q/compose.yaml in /z",
	} {
		c, _ := dockerpaths.ComposeOf(strings.Fields(line))
		got, dir := c.Project(host)
		if strings.Join(got, " ")+" in "+dir != want {
			t.Errorf("Project(%q) = %v in %s, want %s", line, got, dir, want)
		}
	}
	host.Dir = "/p"
	if got, _ := (dockerpaths.Compose{}).Project(host); len(got) != 2 || got[1] != "/p/docker-compose.override.yml" {
		t.Errorf("Project() in /p = %v, want the file and its override", got)
	}
	host.Dir = "/elsewhere"
	if got, dir := (dockerpaths.Compose{}).Project(host); got != nil || dir != "" {
		t.Errorf("Project() in /elsewhere = %v in %q, want none", got, dir)
	}
}

func FuzzCompose(f *testing.F) {
	f.Add("services: {a: {volumes: ['${A:-x}:/y', {type: bind, source: /z}]}}", "compose -f a up")
	f.Fuzz(func(t *testing.T, text, line string) {
		args := strings.Split(line, " ")
		binds := dockerpaths.ComposeBinds([]byte(text), "linux", func(string) (string, bool) { return "v", true })
		c, _ := dockerpaths.ComposeOf(args)
		if got, _, err := dockerpaths.ResolveCompose(args, c, binds, "/a", []mount.Folder{{Source: "/a", Target: "/t"}}, there("linux", "/a")); err == nil && len(got) != len(args) {
			t.Fatalf("ResolveCompose(%q) = %q, want as many words", args, got)
		}
		for _, ref := range dockerpaths.ComposeRefs([]byte(text), "/a", there("linux", "/b"), func(string) (string, bool) { return "v", true }) {
			if !strings.HasPrefix(ref.File, "/") && !strings.HasPrefix(ref.File, "~") || ref.Dir == "" {
				t.Fatalf("ComposeRefs(%q) = %+v, want full paths", text, ref)
			}
		}
	})
}

func TestComposeRefs(t *testing.T) {
	t.Parallel()
	lookup := func(name string) (string, bool) { return map[string]string{"A": "v"}[name], name == "A" }
	text := `
include:
  - a.yaml
  - ../b/b.yaml
  - ${A}/c.yaml
  - ${UNKNOWN}/d.yaml
  - https://example.com/x.git
  - path: [e.yaml, e2.yaml]
    project_directory: ./sub
  - path: f.yaml
services:
  x: {extends: {file: g/g.yaml, service: y}}
  z: {extends: x}
`
	want := []dockerpaths.ComposeRef{
		{"/b/b.yaml", "/b"}, {"/d.yaml", "/"}, {"/p/a.yaml", "/p"}, {"/p/e.yaml", "/p/sub"}, {"/p/e2.yaml", "/p/sub"}, {"/p/f.yaml", "/p"}, {"/p/g/g.yaml", "/p/g"}, {"/p/v/c.yaml", "/p/v"},
	}
	got := dockerpaths.ComposeRefs([]byte(text), "/p", there("linux", "/elsewhere"), lookup)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ComposeRefs (-want +got):\n%s", diff)
	}
	for _, text := range []string{"", "{", "include: 1", "include: [[a]]", "services: {x: {extends: 1}}", "include: [{path: {}}]"} {
		if got := dockerpaths.ComposeRefs([]byte(text), "/p", there("linux", "/"), lookup); len(got) != 0 {
			t.Errorf("ComposeRefs(%q) = %v, want nothing", text, got)
		}
	}
	if got := dockerpaths.Based([]dockerpaths.Bind{{Source: "./x"}, {Source: "/y"}}, "/p/g", there("linux", "/")); got[0].Source != "/p/g/x" || got[1].Source != "/y" {
		t.Errorf("Based() = %v, want /p/g/x and /y", got)
	}
}
