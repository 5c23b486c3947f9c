package dockerpaths

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/mount"
)

// Variables of compose that hold paths of the host.
const (
	composeFileVariable = "COMPOSE_FILE"
	composeSeparator    = "COMPOSE_PATH_SEPARATOR"
	composeEnvFiles     = "COMPOSE_ENV_FILES"
)

// project is what matters of a compose project outside of compose.
type project struct {
	binds []Bind
	// dir is the project's folder.
	dir string
	// files are those that COMPOSE_FILE names, in full.
	files []string
	// variables are the names of those that the files take from the
	// environment.
	variables []string
}

// project reads a compose project's files. A project of this host that lies
// outside of the mounts is refused: compose would not find it in the guest. By
// the CLI of this host compose finds it wherever it lies. pwd is what $PWD is
// for compose.
func (l Host) project(ctx context.Context, c composeLine, mounts []mount.Folder, pwd string, onHost bool) (project, error) {
	var found project
	var lookup func(string) (string, bool)
	var err error
	if c.Word == "" || c.Word == "version" || c.Word == "ls" {
		return found, nil
	}
	if len(c.Files) == 0 {
		if lookup, err = l.composeVariables(ctx, c, l.Dir, pwd, &found); err != nil {
			return found, err
		}
		c.Files = l.composeFiles(lookup)
		for _, file := range c.Files {
			found.files = append(found.files, l.Full(file.Source))
		}
	}
	files, dir := c.Project(l)
	found.dir = dir
	if lookup == nil || dir != l.Dir {
		if lookup, err = l.composeVariables(ctx, c, dir, pwd, &found); err != nil {
			return found, err
		}
	}
	for _, file := range files {
		if _, ok := GuestDir(l.GOOS, file, mounts); !ok && len(c.Files) == 0 && !onHost {
			return found, &OutsideError{Path: filepath.Dir(file)}
		}
	}
	err = l.readCompose(ctx, files, lookup, !onHost, &found)
	if !c.Mounts() {
		found.binds = nil
	}
	return found, err
}

// composeFiles are the files that COMPOSE_FILE names, for a command line
// that names none (docs.docker.com/compose/how-tos/environment-variables).
func (l Host) composeFiles(lookup func(string) (string, bool)) []Bind {
	if lookup == nil {
		lookup = l.lookup
	}
	list, _ := lookup(composeFileVariable)
	separator, ok := lookup(composeSeparator)
	if !ok || separator == "" {
		separator = ":"
		if l.GOOS == "windows" {
			separator = ";"
		}
	}
	var files []Bind
	for name := range strings.SplitSeq(list, separator) {
		if name != "" {
			files = append(files, Bind{Source: name, Arg: -1, At: -1})
		}
	}
	return files
}

// maxComposeFiles bounds how many files a project may have with those that it
// includes.
const maxComposeFiles = 200

// readCompose finds the binds of files, and of those that they include and
// extend; with variables those too, which env files name as well. The CLI of
// this host has the environment as it is.
func (l Host) readCompose(ctx context.Context, files []string, lookup func(string) (string, bool), variables bool, found *project) error {
	var refs []composeRef
	for _, file := range files {
		refs = append(refs, composeRef{File: file, Dir: found.dir})
	}
	seen := map[composeRef]bool{}
	for len(refs) > 0 {
		ref := refs[0]
		if refs = refs[1:]; seen[ref] {
			continue
		}
		if seen[ref] = true; len(seen) > maxComposeFiles {
			return fmt.Errorf("the compose project has more than %d files, those that it includes counted", maxComposeFiles)
		}
		text, err := l.ReadProject(ctx, ref.File, hostfile.MaxCompose)
		if err != nil {
			return err
		}
		of := composeBinds(text, l.GOOS, lookup)
		if ref.Dir != found.dir {
			of = based(of, ref.Dir, l)
		}
		found.binds = append(found.binds, of...)
		if variables {
			if err := l.composeNames(ctx, text, ref.Dir, found); err != nil {
				return err
			}
		}
		refs = append(refs, composeRefs(text, ref.Dir, l, lookup)...)
	}
	return nil
}

// composeNames finds the names of variables that a compose file in dir and its
// env files take from the environment.
func (l Host) composeNames(ctx context.Context, text []byte, dir string, found *project) error {
	names, envFiles := composeVariables(text)
	if bytes.ContainsRune(text, '~') { // compose puts $HOME in for it
		names = append(names, "HOME")
	}
	found.variables = append(found.variables, names...)
	l.Dir = dir
	for _, file := range envFiles {
		text, err := l.ReadProject(ctx, l.Full(file), hostfile.MaxEnv)
		if err != nil {
			return err
		}
		found.variables = append(found.variables, envFileVariables(text)...)
	}
	return nil
}

// composeVariables knows what compose puts in for variables: those of the
// environment, then those of the env files, and this host's folders. It is nil
// where compose refuses an env file.
func (l Host) composeVariables(ctx context.Context, c composeLine, dir, pwd string, found *project) (func(string) (string, bool), error) {
	values := map[string]string{}
	known := func(name string) (string, bool) {
		switch name {
		case "PWD":
			return pwd, true
		case "HOME":
			return l.Home, l.Home != ""
		}
		if value, ok := l.lookup(name); ok {
			return value, true
		}
		value, ok := values[name]
		return value, ok
	}
	lookup := known
	for _, file := range l.envFiles(c, dir) {
		text, err := l.ReadProject(ctx, file, hostfile.MaxEnv)
		if err != nil {
			return nil, err
		}
		if grows(text, known) {
			return nil, fmt.Errorf("%s: a variable would be larger than %d bytes with those that it names", file, maxValue)
		}
		if !dotEnv(text, values, l.lookup) {
			lookup = nil // compose says what is wrong with the file
		}
		found.variables = append(found.variables, envFileVariables(text)...)
	}
	return lookup, nil
}

// envFiles are the files that compose reads variables from: those of
// --env-file, else those of COMPOSE_ENV_FILES, else .env of the project.
func (l Host) envFiles(c composeLine, dir string) []string {
	var files []string
	for _, named := range c.Env {
		files = append(files, l.Full(named.Source))
	}
	if list, _ := l.lookup(composeEnvFiles); len(files) == 0 && list != "" {
		for name := range strings.SplitSeq(list, ",") {
			files = append(files, l.Full(name))
		}
	}
	if len(files) == 0 {
		files = []string{filepath.Join(dir, ".env")}
	}
	return files
}
