package dockerpaths

import (
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// composeRef is a compose file that another one names, and the folder that
// relative paths in it are relative to.
type composeRef struct{ File, Dir string }

// refsFile is what names further files.
type refsFile struct {
	Include  []any `yaml:"include"`
	Services map[string]struct {
		Extends any `yaml:"extends"`
	} `yaml:"services"`
}

// composeRefs are the files that a compose file includes or extends; relative
// names in it are relative to dir. Files from elsewhere, as of a Git
// repository, are left out.
func composeRefs(text []byte, dir string, host Host, lookup func(string) (string, bool)) []composeRef {
	var file refsFile
	if yaml.Unmarshal(text, &file) != nil && file.Services == nil && file.Include == nil {
		return nil
	}
	host.Dir = dir
	full := func(name any) string {
		text, _ := name.(string)
		text, known := expand(text, lookup)
		if !known || text == "" || strings.Contains(text, "://") || strings.HasPrefix(text, "git@") {
			return ""
		}
		return host.Full(text)
	}
	var refs []composeRef
	add := func(name any, dir string) {
		if file := full(name); file != "" {
			if dir == "" {
				dir = filepath.Dir(file)
			}
			refs = append(refs, composeRef{File: file, Dir: dir})
		}
	}
	for _, include := range file.Include {
		one, ok := include.(map[string]any)
		if !ok {
			add(include, "")
			continue
		}
		paths, many := one["path"].([]any)
		if !many {
			paths = []any{one["path"]}
		}
		for _, path := range paths {
			add(path, full(one["project_directory"]))
		}
	}
	for _, service := range file.Services {
		if extends, ok := service.Extends.(map[string]any); ok {
			add(extends["file"], "")
		}
	}
	slices.SortFunc(refs, func(a, b composeRef) int { return strings.Compare(a.File+"\x00"+a.Dir, b.File+"\x00"+b.Dir) })
	return slices.Compact(refs)
}

// based are the binds of a file whose relative paths are relative to dir.
func based(binds []Bind, dir string, host Host) []Bind {
	host.Dir = dir
	moved := slices.Clone(binds)
	for i := range moved {
		moved[i].Source = host.Full(moved[i].Source)
	}
	return moved
}
