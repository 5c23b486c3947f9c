package dockerpaths

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reference is a variable in a compose file or an env file.
var reference = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)

// bakeVariable is a variable of a bake file, in HCL or as the key of an object
// in JSON.
var bakeVariable = regexp.MustCompile(`variable\s+"([A-Za-z_][A-Za-z0-9_]*)"|"([A-Za-z_][A-Za-z0-9_]*)"\s*:\s*\{`)

// bakeVariables are the names of the variables that a bake file takes from the
// environment. In JSON some that only may be are among them.
func bakeVariables(text []byte) []string {
	var names []string
	for _, found := range bakeVariable.FindAllSubmatch(text, -1) {
		names = append(names, string(found[1])+string(found[2]))
	}
	return names
}

// references are the names of the variables that a text refers to as $NAME or
// ${NAME...}. Those that only look so are among them.
func references(text []byte) []string {
	var names []string
	for _, found := range reference.FindAllSubmatch(text, -1) {
		names = append(names, string(found[1]))
	}
	return names
}

// variablesFile is what takes a value from the environment by a name alone.
type variablesFile struct {
	Services map[string]struct {
		Environment any `yaml:"environment"`
		EnvFile     any `yaml:"env_file"`
		Build       any `yaml:"build"`
	} `yaml:"services"`
	Configs map[string]struct {
		Environment string `yaml:"environment"`
	} `yaml:"configs"`
	Secrets map[string]struct {
		Environment string `yaml:"environment"`
	} `yaml:"secrets"`
}

// composeVariables are the names of the variables whose values compose takes
// from the environment for a file: those that it refers to, and those that
// stand alone in environment, build.args, configs and secrets. envFiles are
// the env files of its services, as they are written.
func composeVariables(text []byte) (names, envFiles []string) {
	names = references(text)
	var file variablesFile
	if yaml.Unmarshal(text, &file) != nil && file.Services == nil {
		return names, nil
	}
	for _, service := range file.Services {
		names = append(names, alone(service.Environment)...)
		if build, ok := service.Build.(map[string]any); ok {
			names = append(names, alone(build["args"])...)
		}
		envFiles = append(envFiles, paths(service.EnvFile)...)
	}
	for _, c := range file.Configs {
		names = append(names, c.Environment)
	}
	for _, s := range file.Secrets {
		names = append(names, s.Environment)
	}
	slices.Sort(envFiles)
	empty := func(text string) bool { return text == "" }
	return slices.DeleteFunc(names, empty), slices.DeleteFunc(slices.Compact(envFiles), empty)
}

// alone are the names without a value, of a list or a map.
func alone(of any) []string {
	var names []string
	switch of := of.(type) {
	case []any:
		for _, item := range of {
			if name, ok := item.(string); ok && !strings.Contains(name, "=") {
				names = append(names, name)
			}
		}
	case map[string]any:
		for name, value := range of {
			if value == nil {
				names = append(names, name)
			}
		}
	}
	return names
}

// paths are those of an env_file: one, or a list of names and maps.
func paths(of any) []string {
	var all []string
	switch of := of.(type) {
	case string:
		all = append(all, of)
	case map[string]any:
		all = append(all, paths(of["path"])...)
	case []any:
		for _, item := range of {
			all = append(all, paths(item)...)
		}
	}
	return all
}

// envFileVariables are the names of the variables whose values docker and
// compose take from the environment for an env file: lines with a name alone,
// and what values refer to.
func envFileVariables(text []byte) []string {
	names := references(text)
	for line := range strings.Lines(string(text)) {
		if name := strings.TrimSpace(line); name != "" && name[0] != '#' && !strings.Contains(name, "=") {
			names = append(names, name)
		}
	}
	return names
}
