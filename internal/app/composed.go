package app

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fbdock/fbdock/internal/mount"
)

// composed are the binds of a compose project's files, and its folder. A
// project of this laptop that lies outside of the mounts is refused: compose
// would not find it in the guest.
func (p *Project) composed(c mount.Compose, folders []mount.Folder, laptop mount.Laptop) (binds []mount.Bind, dir string, err error) {
	if c.Word == "" || c.Word == "version" || c.Word == "ls" {
		return nil, "", nil
	}
	files, dir := c.Project(laptop)
	lookup := p.composeVariables(c, dir, laptop)
	for _, file := range files {
		if _, ok := mount.GuestDir(runtime.GOOS, file, folders); !ok && len(c.Files) == 0 {
			return nil, "", &mount.OutsideError{Path: filepath.Dir(file)}
		}
		if !c.Mounts() {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue // a path of the guest, or compose says what is wrong
		}
		binds = append(binds, mount.ComposeBinds(text, runtime.GOOS, lookup)...)
	}
	return binds, dir, nil
}

// composeVariables knows what compose, which runs in the guest, puts in for
// variables: those of .env, and this laptop's folders for its own.
func (p *Project) composeVariables(c mount.Compose, dir string, laptop mount.Laptop) func(string) (string, bool) {
	file := filepath.Join(dir, ".env")
	if c.Env != nil {
		file = c.Env.Source
		if !filepath.IsAbs(file) {
			file = filepath.Join(laptop.Dir, file)
		}
	}
	text, _ := os.ReadFile(file) // there need not be one
	values := dotenv(text)
	return func(name string) (string, bool) {
		switch name {
		case "PWD":
			return laptop.Dir, true
		case "HOME":
			return p.home()
		}
		value, ok := values[name]
		return value, ok
	}
}

// home is the user's folder on this laptop.
func (p *Project) home() (string, bool) {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, ok := p.Lookup(name); ok && home != "" {
			return home, true
		}
	}
	return "", false
}

// dotenv reads the plain lines of an env file: NAME=value, with or without
// quotes. Lines that put other variables in are left out.
func dotenv(text []byte) map[string]string {
	values := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := strings.TrimPrefix(strings.TrimSpace(lines.Text()), "export ")
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		} else if before, _, comment := strings.Cut(value, " #"); comment {
			value = strings.TrimSpace(before)
		}
		if !strings.Contains(value, "$") {
			values[strings.TrimSpace(name)] = value
		}
	}
	return values
}
