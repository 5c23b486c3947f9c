package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/hostfile"
)

// Contexts is the docker CLI's store of contexts on this host: the folder
// that DOCKER_CONFIG names, else ~/.docker. It is written as the CLI does, so
// that no docker needs to be installed.
type Contexts struct{ Dir string }

// contextMeta is the CLI's own format.
type contextMeta struct {
	Name      string
	Metadata  map[string]any
	Endpoints map[string]contextEndpoint
}

type contextEndpoint struct {
	Host          string
	SkipTLSVerify bool
}

func (c Contexts) file(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(c.Dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json")
}

// Put makes or updates a context. It tells whether anything changed.
func (c Contexts) Put(name, description, host string) (changed bool, err error) {
	data, err := json.Marshal(contextMeta{
		Name: name, Metadata: map[string]any{"Description": description},
		Endpoints: map[string]contextEndpoint{"docker": {Host: host}},
	})
	if err != nil {
		return false, fmt.Errorf("docker context %s: %w", name, err)
	}
	file := c.file(name)
	if old, err := hostfile.ReadNow(file, hostfile.MaxClient); err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return false, fmt.Errorf("docker context %s: %w", name, err)
	}
	if err := atomicfile.WriteFile(file, data, 0o644); err != nil {
		return false, fmt.Errorf("docker context %s: %w", name, err)
	}
	return true, nil
}

// Names are the contexts that there are, without the default one.
func (c Contexts) Names() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(c.Dir, "contexts", "meta", "*", "meta.json"))
	if err != nil {
		return nil, fmt.Errorf("list docker's contexts: %w", err)
	}
	var names []string
	for _, file := range files {
		var meta contextMeta
		data, err := hostfile.ReadNow(file, hostfile.MaxClient)
		if err == nil && json.Unmarshal(data, &meta) == nil && meta.Name != "" {
			names = append(names, meta.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Exists tells whether there is a context of the name. The default one
// always is.
func (c Contexts) Exists(name string) bool {
	if name == "" || name == "default" {
		return true
	}
	_, err := os.Stat(c.file(name))
	return err == nil
}

// Remove takes a context away; one that is not there is fine.
func (c Contexts) Remove(name string) error {
	if err := os.RemoveAll(filepath.Dir(c.file(name))); err != nil {
		return fmt.Errorf("remove docker context %s: %w", name, err)
	}
	return nil
}

// current is the key of config.json that names the context in use.
const current = "currentContext"

// Current is the context in use; "" is the default one.
func (c Contexts) Current() (string, error) {
	config, err := c.config()
	if err != nil {
		return "", err
	}
	var name string
	if raw, ok := config[current]; ok {
		if err := json.Unmarshal(raw, &name); err != nil {
			return "", fmt.Errorf("read %s: %s: %w", c.configFile(), current, err)
		}
	}
	if name == "default" {
		name = ""
	}
	return name, nil
}

// Use puts a context to use; "" is the default one. All else that the
// configuration says stays.
func (c Contexts) Use(name string) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	if name == "" || name == "default" {
		if _, set := config[current]; !set {
			return nil
		}
		delete(config, current)
	} else if config[current], err = json.Marshal(name); err != nil {
		return fmt.Errorf("use docker context %s: %w", name, err)
	}
	data, err := json.MarshalIndent(config, "", "\t")
	if err != nil {
		return fmt.Errorf("use docker context %s: %w", name, err)
	}
	return c.write(data)
}

func (c Contexts) configFile() string { return filepath.Join(c.Dir, "config.json") }

func (c Contexts) config() (map[string]json.RawMessage, error) {
	config := map[string]json.RawMessage{}
	data, err := hostfile.ReadNow(c.configFile(), hostfile.MaxClient)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(bytes.TrimSpace(data)) == 0 {
		return config, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read docker's configuration: %w", err)
	}
	if err := json.Unmarshal(data, &config); err != nil {
		return nil, fmt.Errorf("read %s: %w", c.configFile(), err)
	}
	return config, nil
}

// write follows a symbolic link, as people keep the file in a repository of
// their dotfiles, and keeps the file's mode: it may hold credentials.
func (c Contexts) write(data []byte) error {
	file, mode := c.configFile(), fs.FileMode(0o600)
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
		if info, err := os.Stat(file); err == nil {
			mode = info.Mode().Perm()
		}
	} else if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return fmt.Errorf("write docker's configuration: %w", err)
	}
	if err := atomicfile.WriteFile(file, data, mode); err != nil {
		return fmt.Errorf("write docker's configuration: %w", err)
	}
	return nil
}
