package hcl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Options are what a configuration may depend on besides its own text. The
// zero value is a configuration that gets nothing from outside but files.
type Options struct {
	// Vars are the values of -var NAME=VALUE.
	Vars map[string]string
	// VarFiles are read in order, later ones win; Vars win over them, and
	// they win over FBDOCK_VAR_NAME of the environment.
	VarFiles []string
	// Env looks up the environment; nil is an empty one.
	Env func(string) (string, bool)
	// ReadFile reads a file of the configuration whole; nil reads from disk
	// what is a regular file of at most MaxFileSize.
	ReadFile func(path string) ([]byte, error)
	// Version of fbdock for required_version; one that is no version, as of
	// a development build, satisfies everything.
	Version string
}

// Sources are the texts that the ranges of diagnostics point into, by name.
type Sources map[string][]byte

// errTooLarge is a file over MaxFileSize; it is not read.
var errTooLarge = errors.New("the file is too large")

func (o Options) lookup(name string) (string, bool) {
	if o.Env == nil {
		return "", false
	}
	return o.Env(name)
}

func (o Options) read(path string) ([]byte, error) {
	if o.ReadFile != nil {
		return o.ReadFile(path)
	}
	// Opening a pipe would wait for whoever writes to it, so look first.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > MaxFileSize:
		return nil, errTooLarge
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	src, err := io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	return src, errors.Join(err, f.Close())
}

// Load reads and checks the configuration at path. The configuration is nil
// if and only if the diagnostics have errors.
func Load(path string, opts Options) (*Config, Sources, Diagnostics) {
	c := &collector{}
	src, err := opts.read(path)
	switch {
	case errors.Is(err, errTooLarge):
		src = make([]byte, MaxFileSize+1) // told as Parse tells it
	case errors.Is(err, fs.ErrNotExist):
		c.fail(Range{File: path}, "there is no configuration file", readFault(path, err)+".", "fbdock init")
		return nil, nil, c.result()
	case err != nil:
		c.fail(Range{File: path}, "the configuration cannot be read", readFault(path, err)+".", "")
		return nil, nil, c.result()
	}
	return Parse(path, src, opts)
}

// Parse is Load for a text that is at hand; filename tells where it belongs.
func Parse(filename string, src []byte, opts Options) (*Config, Sources, Diagnostics) {
	d := newDecoder(filename, opts)
	body, ok := d.parse(filename, src)
	if !ok {
		return nil, d.sources, d.c.result()
	}
	cfg := d.config(body)
	diags := d.c.result()
	if diags.HasErrors() {
		cfg = nil
	}
	return cfg, d.sources, diags
}

func resolve(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// readFault is err without the path and the system call that os adds.
func readFault(path string, err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Sprintf("cannot read %s: %v", path, err)
}
