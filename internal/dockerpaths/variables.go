package dockerpaths

import (
	"context"
	"strings"

	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/mount"
)

// addVariables adds the names of the variables that files of a command line
// take from the environment.
func (l *Line) addVariables(ctx context.Context, line dockerflags.Line, host Host) error {
	for _, v := range variableFiles(line) {
		text, err := host.ReadNamed(ctx, host.Full(v.Text), hostfile.MaxCompose)
		if err != nil {
			return err
		}
		if v.Flag == "env-file" {
			l.Variables = append(l.Variables, envFileVariables(text)...)
			continue
		}
		names, _ := composeVariables(text)
		l.Variables = append(append(l.Variables, names...), bakeVariables(text)...)
	}
	return nil
}

// variableFiles are the files of a command line that take variables from the
// environment: those of --env-file, of stack deploy and of bake, which has
// files of its own where none is named (docs.docker.com/build/bake/reference).
func variableFiles(l dockerflags.Line) []dockerflags.Value {
	bake := l.Path == "buildx bake" || l.Path == "bake"
	var files []dockerflags.Value
	named := false
	for _, v := range l.Values {
		of := v.Flag == "compose-file" || bake && v.Flag == "file"
		if v.Text != "-" && (of || v.Flag == "env-file" && !strings.HasPrefix(l.Path, "compose")) {
			files = append(files, v)
		}
		named = named || of
	}
	if !bake || named {
		return files
	}
	for _, name := range []string{
		"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml",
		"docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl",
	} {
		files = append(files, dockerflags.Value{Flag: "file", Text: name})
	}
	return files
}

// setPaths calls the paths in variables of compose as the guests do.
func (l *Line) setPaths(p project, envFiles []string, mounts []mount.Folder, host Host) error {
	l.Set = map[string]string{}
	if len(p.files) > 0 {
		files, used, err := resolvePaths(p.files, mounts, host)
		if err != nil {
			return err
		}
		l.Set[composeFileVariable], l.Set[composeSeparator] = strings.Join(files, ":"), ":"
		l.Used = append(l.Used, used...)
	}
	if list, _ := host.lookup(composeEnvFiles); list != "" {
		files, used, err := resolvePaths(envFiles, mounts, host)
		if err != nil {
			return err
		}
		l.Set[composeEnvFiles] = strings.Join(files, ",")
		l.Used = append(l.Used, used...)
	}
	return nil
}
