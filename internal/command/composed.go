package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerpaths"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/mount"
)

// composed is what matters of a compose project outside of compose.
type composed struct {
	binds []dockerpaths.Bind
	// dir is the project's folder.
	dir string
	// files are those that COMPOSE_FILE names, in full.
	files []string
	// variables are the names of those that the files take from the
	// environment.
	variables []string
}

// composed reads a compose project's files. A project of this host that lies
// outside of the mounts is refused: compose would not find it in the guest. By
// the CLI of this host compose finds it wherever it lies. pwd is what $PWD is
// for compose.
func (r Runner) composed(ctx context.Context, c dockerpaths.Compose, folders []mount.Folder, host dockerpaths.Host, pwd string, onHost bool) (composed, error) {
	var found composed
	var lookup func(string) (string, bool)
	if c.Word == "" || c.Word == "version" || c.Word == "ls" {
		return found, nil
	}
	if len(c.Files) == 0 {
		var err error
		if lookup, err = r.composeVariables(ctx, c, host.Dir, host, pwd, &found); err != nil {
			return found, err
		}
		c.Files = composeFiles(lookup)
		for _, file := range c.Files {
			found.files = append(found.files, host.Full(file.Source))
		}
	}
	files, dir := c.Project(host)
	found.dir = dir
	if lookup == nil || dir != host.Dir {
		var err error
		if lookup, err = r.composeVariables(ctx, c, dir, host, pwd, &found); err != nil {
			return found, err
		}
	}
	for _, file := range files {
		if _, ok := dockerpaths.GuestDir(runtime.GOOS, file, folders); !ok && len(c.Files) == 0 && !onHost {
			return found, &dockerpaths.OutsideError{Path: filepath.Dir(file)}
		}
	}
	err := r.readCompose(ctx, files, host, lookup, !onHost, &found)
	if !c.Mounts() {
		found.binds = nil
	}
	return found, err
}

// maxComposeFiles bounds how many files a project may have with those that it
// includes.
const maxComposeFiles = 200

// readCompose finds the binds of files, and of those that they include and
// extend; with variables those too, which env files name as well. The CLI of
// this host has the environment as it is.
func (r Runner) readCompose(
	ctx context.Context, files []string, host dockerpaths.Host, lookup func(string) (string, bool), variables bool, found *composed,
) error {
	var refs []dockerpaths.ComposeRef
	for _, file := range files {
		refs = append(refs, dockerpaths.ComposeRef{File: file, Dir: found.dir})
	}
	seen := map[dockerpaths.ComposeRef]bool{}
	for len(refs) > 0 {
		ref := refs[0]
		if refs = refs[1:]; seen[ref] {
			continue
		}
		if seen[ref] = true; len(seen) > maxComposeFiles {
			return fmt.Errorf("the compose project has more than %d files, those that it includes counted", maxComposeFiles)
		}
		text, err := r.projectFile(ctx, ref.File, hostfile.MaxCompose)
		if err != nil {
			return err
		}
		of := dockerpaths.ComposeBinds(text, runtime.GOOS, lookup)
		if ref.Dir != found.dir {
			of = dockerpaths.Based(of, ref.Dir, host)
		}
		found.binds = append(found.binds, of...)
		if variables {
			if err := r.composeNames(ctx, text, dockerpaths.Host{GOOS: host.GOOS, Dir: ref.Dir}, found); err != nil {
				return err
			}
		}
		refs = append(refs, dockerpaths.ComposeRefs(text, ref.Dir, host, lookup)...)
	}
	return nil
}

// composeNames finds the names of variables that a compose file and its env
// files take from the environment.
func (r Runner) composeNames(ctx context.Context, text []byte, host dockerpaths.Host, found *composed) error {
	names, envFiles := dockerpaths.ComposeVariables(text)
	if bytes.ContainsRune(text, '~') { // compose puts $HOME in for it
		names = append(names, "HOME")
	}
	found.variables = append(found.variables, names...)
	for _, file := range envFiles {
		text, err := r.projectFile(ctx, host.Full(file), hostfile.MaxEnv)
		if err != nil {
			return err
		}
		found.variables = append(found.variables, dockerpaths.EnvFileVariables(text)...)
	}
	return nil
}

// projectFile reads a file that compose reads as well. None is empty: it is
// a path of the guest, or compose says what is wrong with it. A guest that
// the folder is mounted in may have put anything in its place, so a link has
// to stay in the project's folder, or in the folder that the link is in.
func (r Runner) projectFile(ctx context.Context, path string, limit int64) ([]byte, error) {
	text, err := hostfile.ReadWithin(ctx, r.Project.Folder(), path, limit)
	if _, outside := errors.AsType[*hostfile.OutsideError](err); outside {
		text, err = hostfile.ReadWithin(ctx, filepath.Dir(path), path, limit)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	return text, err
}

// composeVariables knows what compose puts in for variables: those of the
// environment, then those of the env files, and this host's folders.
func (r Runner) composeVariables(ctx context.Context, c dockerpaths.Compose, dir string, host dockerpaths.Host, pwd string, found *composed) (
	func(string) (string, bool), error,
) {
	values := map[string]string{}
	for _, file := range r.envFiles(c, dir, host) {
		text, err := r.projectFile(ctx, file, hostfile.MaxEnv)
		if err != nil {
			return nil, err
		}
		dockerpaths.DotEnv(text, values)
		found.variables = append(found.variables, dockerpaths.EnvFileVariables(text)...)
	}
	return func(name string) (string, bool) {
		switch name {
		case "PWD":
			return pwd, true
		case "HOME":
			return r.Home()
		}
		if value, ok := r.Lookup(name); ok {
			return value, true
		}
		value, ok := values[name]
		return value, ok
	}, nil
}

// envFiles are the files that compose reads variables from: those of
// --env-file, else those of COMPOSE_ENV_FILES, else .env of the project.
func (r Runner) envFiles(c dockerpaths.Compose, dir string, host dockerpaths.Host) []string {
	var files []string
	for _, named := range c.Env {
		files = append(files, host.Full(named.Source))
	}
	if list, _ := r.Lookup(composeEnvFiles); len(files) == 0 && list != "" {
		for name := range strings.SplitSeq(list, ",") {
			files = append(files, host.Full(name))
		}
	}
	if len(files) == 0 {
		files = []string{filepath.Join(dir, ".env")}
	}
	return files
}
