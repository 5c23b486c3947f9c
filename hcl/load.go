package hcl

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/fbdock/fbdock/internal/hostfile"
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
	// ReadFile reads a file whole that the user names: the configuration, and
	// files of variables. nil reads from disk what is a regular file of at
	// most MaxFileSize.
	ReadFile func(path string) ([]byte, error)
	// ReadNamed reads a file that the configuration names, relative to dir,
	// its folder. nil reads what lies in that folder or below it, and gives a
	// *hostfile.OutsideError for what does not.
	ReadNamed func(dir, path string) ([]byte, error)
	// Version of fbdock for required_version; one that is no version, as of
	// a development build, satisfies everything.
	Version string
}

// Sources are the texts that the ranges of diagnostics point into, by name.
type Sources map[string][]byte

// tooLarge tells of a file over MaxFileSize, which was not read.
func tooLarge(err error) bool {
	_, ok := errors.AsType[*hostfile.SizeError](err)
	return ok
}

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
	return hostfile.ReadNow(path, MaxFileSize)
}

func (o Options) readNamed(dir, path string) ([]byte, error) {
	if o.ReadNamed != nil {
		return o.ReadNamed(dir, path)
	}
	return hostfile.ReadWithinNow(dir, path, MaxFileSize)
}

// Load reads and checks the configuration at path. The configuration is nil
// if and only if the diagnostics have errors.
func Load(path string, opts Options) (*Config, Sources, Diagnostics) {
	c := &collector{}
	// A guest may have put a link in the place of the file.
	src, err := opts.readNamed(filepath.Dir(path), filepath.Base(path))
	switch {
	case tooLarge(err):
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

// readFault is err without the path and the system call that os adds.
func readFault(path string, err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	if special, ok := errors.AsType[*hostfile.TypeError](err); ok {
		return fmt.Sprintf("cannot read %s: it is %s", path, special.Kind)
	}
	return fmt.Sprintf("cannot read %s: %v", path, err)
}

// decoder reads one configuration.
type decoder struct {
	file      string
	opts      Options
	c         *collector
	eval      *evaluator
	sources   Sources
	variables []*variable
	locals    []string
}

func newDecoder(file string, opts Options) *decoder {
	c := &collector{}
	return &decoder{
		file: file, opts: opts, c: c, sources: Sources{},
		eval: &evaluator{
			c: c, functions: functions(opts, filepath.Dir(file)),
			symbols: map[string]*symbol{}, named: map[hclsyntax.Expression][]*symbol{},
		},
	}
}
