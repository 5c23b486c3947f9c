package dockerpaths

import (
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/mount"
	"github.com/fbdock/fbdock/platforms/hostpath"
)

// composeLine is a `docker compose` command line, as far as files of the host
// matter to it.
type composeLine struct {
	// Files are those of -f, Env those of --env-file and Dir that of
	// --project-directory, with their places among the arguments.
	Files, Env []Bind
	Dir        *Bind
	// Word is the command: up, run, ps ...
	Word string
}

// Mounts tells whether the command makes containers, with their binds.
func (c composeLine) Mounts() bool {
	return slices.Contains([]string{"up", "run", "create", "watch", "scale"}, c.Word)
}

// composeOf reads args, those behind the word docker.
func composeOf(args []string) (c composeLine, ok bool) {
	l := dockerflags.ParseLine(args)
	if c.Word, ok = strings.CutPrefix(l.Path+" ", "compose "); !ok {
		return composeLine{}, false
	}
	c.Word = strings.TrimSuffix(c.Word, " ")
	for _, v := range l.Values {
		b := whole(v)
		switch {
		case v.Flag == "file" && v.Kind == dockerflags.Read:
			c.Files = append(c.Files, b)
		case v.Kind == dockerflags.Dir && (v.Flag == "project-directory" || v.Flag == "workdir"): // compose's older name
			c.Dir = &b
		case v.Flag == "env-file":
			c.Env = append(c.Env, b)
		}
	}
	return c, true
}

// named are the paths that the command line itself names.
func (c composeLine) named() []Bind {
	var all []Bind
	for _, f := range c.Files {
		if f.Source != "-" {
			all = append(all, f)
		}
	}
	all = append(all, c.Env...)
	if c.Dir != nil {
		all = append(all, *c.Dir)
	}
	slices.SortFunc(all, func(a, b Bind) int { return a.Arg - b.Arg })
	return all
}

// Project finds the files of a compose project and its folder, as compose
// does without COMPOSE_FILE: those of -f, else the first by its custom in dir
// or in a folder above it. Files are none when there is none, or when they
// come from standard input.
func (c composeLine) Project(host Host) (files []string, dir string) {
	for _, f := range c.Files {
		if f.Source == "-" {
			return nil, ""
		}
		files = append(files, host.Full(f.Source))
	}
	if len(files) == 0 {
		files = customary(host)
	}
	switch {
	case c.Dir != nil:
		dir = host.Full(c.Dir.Source)
	case len(files) > 0:
		dir = filepath.Dir(files[0])
	}
	return files, dir
}

func customary(host Host) []string {
	for dir := host.Dir; ; dir = filepath.Dir(dir) {
		for _, name := range []string{"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"} {
			file := filepath.Join(dir, name)
			if !host.Exists(file) {
				continue
			}
			files := []string{file}
			base, ending, _ := strings.Cut(name, ".")
			for _, ending := range []string{ending, "yml", "yaml"} {
				if over := filepath.Join(dir, base+".override."+ending); host.Exists(over) {
					return append(files, over)
				}
			}
			return files
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

// composeFile is what a compose file may bind. The rest of it, and whether
// it is right, is compose's to judge.
type composeFile struct {
	Services map[string]struct {
		Volumes []any `yaml:"volumes"`
	} `yaml:"services"`
	Configs map[string]struct {
		File string `yaml:"file"`
	} `yaml:"configs"`
	Secrets map[string]struct {
		File string `yaml:"file"`
	} `yaml:"secrets"`
	Volumes map[string]struct {
		Options struct {
			Type   string `yaml:"type"`
			O      string `yaml:"o"`
			Device string `yaml:"device"`
		} `yaml:"driver_opts"`
	} `yaml:"volumes"`
}

// composeBinds are the binds of a compose file. lookup knows what compose
// puts in for a variable; with nil a path that has one is left out.
// A file that is no YAML has none: compose says what is wrong with it.
func composeBinds(text []byte, goos string, lookup func(string) (string, bool)) []Bind {
	var file composeFile
	if yaml.Unmarshal(text, &file) != nil && file.Services == nil {
		return nil
	}
	var binds []Bind
	add := func(text string, bind func(string) string) {
		// Variables first: they may hold colons.
		text, known := expand(text, lookup)
		if source := bind(text); known && source != "" {
			binds = append(binds, Bind{Source: source, Arg: -1, At: -1, Relative: relative(source, goos)})
		}
	}
	all := func(source string) string { return source }
	for _, service := range file.Services {
		for _, volume := range service.Volumes {
			switch v := volume.(type) {
			case string:
				add(v, func(spec string) string {
					if source, _, _ := hostpath.SplitVolume(spec); isPath(source, goos) {
						return source
					}
					return ""
				})
			case map[string]any:
				if source, _ := v["source"].(string); v["type"] == "bind" {
					add(source, all)
				}
			}
		}
	}
	for _, c := range file.Configs {
		add(c.File, all)
	}
	for _, s := range file.Secrets {
		add(s.File, all)
	}
	for _, v := range file.Volumes {
		if strings.Contains(","+v.Options.O+",", ",bind,") {
			add(v.Options.Device, all)
		}
	}
	slices.SortFunc(binds, func(a, b Bind) int { return strings.Compare(a.Source, b.Source) })
	return slices.Compact(binds)
}

// resolveCompose gives the command line for the guest: the files that it
// names are called there as the guests have them. binds are those of the
// files; what this computer has outside of the mounts is an *OutsideError.
func resolveCompose(args []string, c composeLine, binds []Bind, dir string, mounts []mount.Folder, host Host) (
	resolved []string, used []mount.Folder, err error,
) {
	resolved, used, err = rename(args, c.named(), mounts, host)
	if err != nil {
		return nil, nil, err
	}
	host.Dir = dir
	for _, b := range binds {
		p, err := host.find(b.Source, mounts)
		if err != nil {
			return nil, nil, err
		}
		if !host.followed(b, p, mounts) {
			return nil, nil, &ComposeBindError{Source: b.Source, Use: host.written(b, p)}
		}
		if p.folder.Target != "" {
			used = append(used, p.folder)
		}
	}
	return resolved, used, nil
}
