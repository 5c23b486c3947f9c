package dockerpaths_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/mount"
)

// reading is a host in dir that has files, and no other paths.
func reading(dir string, files, environment map[string]string) dockerpaths.Host {
	read := func(_ context.Context, path string, _ int64) ([]byte, error) { return []byte(files[path]), nil }
	return dockerpaths.Host{
		GOOS: "linux", Dir: dir, Home: "/home/me", ReadProject: read, ReadNamed: read,
		Exists: func(path string) bool {
			_, file := files[path]
			return file || strings.HasPrefix(path, "/etc") || strings.HasPrefix(path, "/home/me")
		},
		Lookup: func(name string) (string, bool) {
			value, ok := environment[name]
			return value, ok
		},
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"/src/compose.yaml":  "include: [sub/more.yaml]\nservices: {a: {volumes: ['./data:/d', '${PLACE}:/p']}}",
		"/src/sub/more.yaml": "services: {b: {environment: [TOKEN], volumes: [./x:/x]}}",
		"/src/.env":          "PLACE=./place\nOTHER=$ASKED\n",
		"/src/far.yaml":      "services: {a: {volumes: ['~/.aws:/aws']}}",
		"/src/run.env":       "NAMED\nX=1\n",
		"/src/grows.env":     growing(21),
		"/src/large.env":     growing(15),
		"/src/repeats.yaml":  "services: {a: {volumes: ['./" + strings.Repeat("${A15}", 40) + ":/d']}}",
	}
	mounts := []mount.Folder{{Source: "/src", Target: "/mnt"}}
	for _, tt := range []struct {
		line        string
		environment map[string]string
		want        string // the line, its folder, the variables and those that are set
		used        int
	}{
		{line: "run -v ./data:/d --env-file run.env x", want: "run -v /mnt/data:/d --env-file run.env x in /mnt, asks NAMED", used: 2},
		{line: "build -t x .", want: "build -t x . in /mnt", used: 2},
		{line: "compose up -d", want: "compose up -d in /mnt, asks ASKED PLACE TOKEN", used: 4},
		{line: "compose ps", want: "compose ps in /mnt, asks ASKED PLACE TOKEN", used: 1},
		{
			line: "compose up", environment: map[string]string{"COMPOSE_FILE": "sub/more.yaml:compose.yaml"}, used: 5,
			want: "compose up in /mnt, asks ASKED PLACE TOKEN, sets COMPOSE_FILE=/mnt/sub/more.yaml:/mnt/compose.yaml",
		},
		{line: "compose -f far.yaml up", want: "/home/me/.aws is on this computer and in none of the mounts: the guests do not have it"},
		{line: "compose --env-file grows.env up", want: "/src/grows.env: a variable would be larger than 1048576 bytes with those that it names"},
		{line: "compose --env-file large.env -f repeats.yaml up", want: "compose --env-file /mnt/large.env -f /mnt/repeats.yaml up in /mnt, asks", used: 3},
		{line: "run -v /etc:/x y", want: "/etc is on this computer and in none of the mounts: the guests do not have it"},
	} {
		got, err := dockerpaths.Translate(t.Context(), strings.Fields(tt.line), mounts, reading("/src", files, tt.environment))
		text := told(got)
		if err != nil {
			text = err.Error()
		}
		if text != tt.want || len(got.Used) != tt.used {
			t.Errorf("Translate(%q) = %s with %d mounts, want %s with %d", tt.line, text, len(got.Used), tt.want, tt.used)
		}
	}
}

// growing is an env file whose last variable has 2^n bytes.
func growing(n int) string {
	text := "A0=x\n"
	for i := range n {
		text += fmt.Sprintf("A%[2]d=$A%[1]d${A%[1]d}\n", i, i+1)
	}
	return text
}

// told is a line in words.
func told(l dockerpaths.Line) string {
	text := strings.Join(l.Args, " ") + " in " + l.Dir
	names := map[string]bool{}
	for _, name := range l.Variables {
		names[name] = true
	}
	if len(names) > 0 {
		var asked string
		for _, name := range []string{"ASKED", "NAMED", "PLACE", "TOKEN"} {
			if names[name] {
				asked += " " + name
			}
		}
		text += ", asks" + asked
	}
	if file, ok := l.Set["COMPOSE_FILE"]; ok {
		text += ", sets COMPOSE_FILE=" + file
	}
	return text
}

// TestTranslateFails: what a file cannot be read for ends the translation.
func TestTranslateFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, line := range []string{"compose up", "run --env-file e x"} {
		host := reading("/src", nil, nil)
		host.ReadProject = func(context.Context, string, int64) ([]byte, error) { return nil, broken }
		host.ReadNamed = host.ReadProject
		if got, err := dockerpaths.Translate(t.Context(), strings.Fields(line), nil, host); !errors.Is(err, broken) {
			t.Errorf("Translate(%q) = %v, %v, want the reader's error", line, got, err)
		}
	}
}

// TestTranslateBounds: files that include each other without end are an error.
func TestTranslateBounds(t *testing.T) {
	t.Parallel()
	host := reading("/src", map[string]string{"/src/compose.yaml": ""}, nil)
	n := 0
	host.ReadProject = func(context.Context, string, int64) ([]byte, error) {
		n++
		return fmt.Appendf(nil, "include: [%d.yaml]", n), nil
	}
	_, err := dockerpaths.Translate(t.Context(), []string{"compose", "up"}, []mount.Folder{{Source: "/src", Target: "/src"}}, host)
	if err == nil || !strings.Contains(err.Error(), "more than 200 files") {
		t.Errorf("Translate(compose up) = %v, want an error about the number of files", err)
	}
}

func TestTranslateBinds(t *testing.T) {
	t.Parallel()
	files := map[string]string{"/src/compose.yaml": "services: {a: {volumes: ['./data:/d']}}"}
	for target, want := range map[string]string{
		"/src": "", "/mnt": "a compose file binds /src/data, which the engine has at /mnt/data",
	} {
		got, err := dockerpaths.TranslateBinds(t.Context(), []string{"compose", "up"}, []mount.Folder{{Source: "/src", Target: target}}, reading("/src", files, nil))
		if diff := cmp.Diff([]string{"compose", "up"}, got.Args); err != nil || got.Moved != want || diff != "" {
			t.Errorf("TranslateBinds(compose up) with a mount at %s = %q, %v, want %q\n%s", target, got.Moved, err, want, diff)
		}
	}
}

func ExampleTranslate() {
	host := dockerpaths.Host{GOOS: "linux", Dir: "/home/me/src/web", Exists: func(string) bool { return true }}
	mounts := []mount.Folder{{Source: "/home/me/src", Target: "/src"}}
	for _, args := range [][]string{
		{"run", "--volume", "./data:/data", "alpine"},
		{"cp", "web:/log", "logs"},
		{"run", "-v", "/etc:/etc", "alpine"},
	} {
		line, err := dockerpaths.Translate(context.Background(), args, mounts, host)
		fmt.Printf("%q in %q, %v\n", line.Args, line.Dir, err)
	}
	// Output:
	// ["run" "--volume" "/src/web/data:/data" "alpine"] in "/src/web", <nil>
	// ["cp" "web:/log" "logs"] in "/src/web", <nil>
	// [] in "", /etc is on this computer and in none of the mounts: the guests do not have it
}
