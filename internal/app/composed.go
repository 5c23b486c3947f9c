package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"

	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/mount"
)

// composed are the binds of a compose project's files, and its folder. A
// project of this host that lies outside of the mounts is refused: compose
// would not find it in the guest. By the CLI of this host compose finds it
// wherever it lies, and reads the environment.
func (p *Project) composed(ctx context.Context, c mount.Compose, folders []mount.Folder, laptop mount.Laptop, onHost bool) (
	binds []mount.Bind, dir string, err error,
) {
	if c.Word == "" || c.Word == "version" || c.Word == "ls" {
		return nil, "", nil
	}
	if onHost && len(c.Files) == 0 {
		lookup, err := p.composeVariables(ctx, c, laptop.Dir, laptop, onHost)
		if err != nil {
			return nil, "", err
		}
		c.Files = composeFiles(lookup)
	}
	files, dir := c.Project(laptop)
	lookup, err := p.composeVariables(ctx, c, dir, laptop, onHost)
	if err != nil {
		return nil, "", err
	}
	for _, file := range files {
		if _, ok := mount.GuestDir(runtime.GOOS, file, folders); !ok && len(c.Files) == 0 && !onHost {
			return nil, "", &mount.OutsideError{Path: filepath.Dir(file)}
		}
	}
	if binds, err = p.composeBinds(ctx, files, dir, laptop, lookup); !c.Mounts() {
		binds = nil
	}
	return binds, dir, err
}

// maxComposeFiles bounds how many files a project may have with those that it
// includes.
const maxComposeFiles = 200

// composeBinds are the binds of files, and of those that they include and
// extend. dir is what relative paths in files are relative to.
func (p *Project) composeBinds(ctx context.Context, files []string, dir string, laptop mount.Laptop, lookup func(string) (string, bool)) ([]mount.Bind, error) {
	var refs []mount.ComposeRef
	for _, file := range files {
		refs = append(refs, mount.ComposeRef{File: file, Dir: dir})
	}
	var binds []mount.Bind
	seen := map[mount.ComposeRef]bool{}
	for len(refs) > 0 {
		ref := refs[0]
		if refs = refs[1:]; seen[ref] {
			continue
		}
		if seen[ref] = true; len(seen) > maxComposeFiles {
			return nil, fmt.Errorf("the compose project has more than %d files, those that it includes counted", maxComposeFiles)
		}
		text, err := p.projectFile(ctx, ref.File, hostfile.MaxCompose)
		if err != nil {
			return nil, err
		}
		of := mount.ComposeBinds(text, runtime.GOOS, lookup)
		if ref.Dir != dir {
			of = mount.Based(of, ref.Dir, laptop)
		}
		binds = append(binds, of...)
		refs = append(refs, mount.ComposeRefs(text, ref.Dir, laptop, lookup)...)
	}
	return binds, nil
}

// projectFile reads a file that compose reads as well. None is empty: it is
// a path of the guest, or compose says what is wrong with it. A guest that
// the folder is mounted in may have put anything in its place, so a link has
// to stay in the project's folder, or in the folder that the link is in.
func (p *Project) projectFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	text, err := hostfile.ReadWithin(ctx, p.Dir, path, limit)
	if _, outside := errors.AsType[*hostfile.OutsideError](err); outside {
		text, err = hostfile.ReadWithin(ctx, filepath.Dir(path), path, limit)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	return text, err
}

// composeVariables knows what compose puts in for variables: those of the env
// files, and this host's folders for its own. The environment counts only for
// compose on this host, where it goes before the files.
func (p *Project) composeVariables(ctx context.Context, c mount.Compose, dir string, laptop mount.Laptop, onHost bool) (
	func(string) (string, bool), error,
) {
	files := []string{filepath.Join(dir, ".env")}
	if len(c.Env) > 0 {
		files = nil
		for _, named := range c.Env {
			files = append(files, laptop.Full(named.Source))
		}
	}
	values := map[string]string{}
	for _, file := range files {
		text, err := p.projectFile(ctx, file, hostfile.MaxEnv)
		if err != nil {
			return nil, err
		}
		mount.DotEnv(text, values)
	}
	return func(name string) (string, bool) {
		switch name {
		case "PWD":
			return laptop.Dir, true
		case "HOME":
			return p.home()
		}
		if value, ok := p.Lookup(name); ok && onHost {
			return value, true
		}
		value, ok := values[name]
		return value, ok
	}, nil
}

// home is the user's folder on this host.
func (o Options) home() (string, bool) {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, ok := o.Lookup(name); ok && home != "" {
			return home, true
		}
	}
	return "", false
}
