package dockercli

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/hostfile"
)

// answer is what a program has said, which holds while its file is the same.
type answer struct {
	Stamp   string `json:"stamp"`
	Version string `json:"version,omitempty"`
	// Problem is why the program is not used.
	Problem string `json:"problem,omitempty"`
	// Compose is the version of the plugin in the file of ComposeStamp.
	Compose      string `json:"compose,omitempty"`
	ComposeStamp string `json:"compose_stamp,omitempty"`
}

// answers are those of all programs, by path.
type answers map[string]answer

func (a answers) clone() answers { return maps.Clone(a) }

// stampOf changes when a file is replaced; "" is for none.
func stampOf(file string) string {
	if file == "" {
		return ""
	}
	info, err := os.Stat(file)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d %d", info.Size(), info.ModTime().UnixNano())
}

// load reads the cache. One that cannot be read is empty: it only saves time.
func (f Finder) load() answers {
	known := answers{}
	data, err := os.ReadFile(f.Cache)
	if err != nil || json.Unmarshal(data, &known) != nil || known == nil {
		return answers{}
	}
	return known
}

// save writes the cache when it has changed.
func (f Finder) save(before, now answers) {
	if f.Cache == "" || maps.Equal(before, now) {
		return
	}
	data, err := json.MarshalIndent(now, "", "  ")
	if err != nil || os.MkdirAll(filepath.Dir(f.Cache), 0o700) != nil {
		return
	}
	_ = atomicfile.WriteFile(f.Cache, append(data, '\n'), 0o600) // the next command asks again
}

// composePlugin is the file of the compose plugin, "" where it is in none of
// the folders that the CLI looks in (docker/cli, cli-plugins/manager).
func (f Finder) composePlugin() string {
	name := "docker-compose"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	for _, dir := range f.pluginDirs() {
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

func (f Finder) pluginDirs() []string {
	config := variable(f.Environ, "DOCKER_CONFIG")
	if config == "" {
		home := variable(f.Environ, "HOME")
		if runtime.GOOS == "windows" {
			home = variable(f.Environ, "USERPROFILE")
		}
		config = filepath.Join(home, ".docker")
	}
	var extra struct {
		Dirs []string `json:"cliPluginsExtraDirs"`
	}
	if data, err := hostfile.ReadNow(filepath.Join(config, "config.json"), hostfile.MaxClient); err == nil {
		_ = json.Unmarshal(data, &extra) // the CLI says what is wrong with it
	}
	dirs := append(slices.Clone(extra.Dirs), filepath.Join(config, "cli-plugins"))
	if runtime.GOOS == "windows" {
		for _, root := range []string{"ProgramData", "ProgramFiles"} {
			dirs = append(dirs, filepath.Join(variable(f.Environ, root), "Docker", "cli-plugins"))
		}
		return dirs
	}
	return append(dirs, "/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
		"/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins")
}

// variable is the value of a variable of environ.
func variable(environ []string, name string) string {
	for _, pair := range slices.Backward(environ) {
		if key, value, _ := strings.Cut(pair, "="); upper(key) == upper(name) {
			return value
		}
	}
	return ""
}

// upper is the name of a variable in the form that names are compared in:
// Windows takes no notice of case.
func upper(name string) string {
	if runtime.GOOS == "windows" {
		return strings.ToUpper(name)
	}
	return name
}
