package lockfile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/hostfile"
)

const header = `# The files from the network that this project runs, by digest.
# fbdock writes it at the first fetch and refuses other files from then on.
# Commit it, so that everybody who works on the project runs the same.
`

// Add pins p and writes the file. A pin that is there and says the same is
// left alone; one that says otherwise is a *MismatchError.
func (f *File) Add(p Pin) error {
	p.SHA512 = strings.ToLower(p.SHA512)
	if err := f.reload(); err != nil {
		return err
	}
	if old, ok := f.Find(p.Kind, p.Name, p.Architecture); ok {
		if old.SHA512 == p.SHA512 {
			return nil
		}
		return &MismatchError{Path: f.path, Pin: old, URL: p.URL, Got: p.SHA512}
	}
	if err := p.check(); err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	return f.write(p)
}

// Replace pins p whatever was pinned before: the user's word is needed.
// Comments and the order of the file stay.
func (f *File) Replace(p Pin) error {
	p.SHA512 = strings.ToLower(p.SHA512)
	if err := p.check(); err != nil {
		return fmt.Errorf("pin: %w", err)
	}
	if err := f.reload(); err != nil {
		return err
	}
	return f.write(p)
}

// reload takes over what another fbdock has pinned since the file was read:
// a download is long.
func (f *File) reload() error {
	src, err := hostfile.ReadWithinNow(filepath.Dir(f.path), Name, hostfile.MaxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		src, err = nil, nil
	}
	if err != nil {
		return fmt.Errorf("read the lock file: %w", err)
	}
	now := File{path: f.path, src: src}
	if err := now.parse(); err != nil {
		return err
	}
	*f = now
	return nil
}

func (f *File) write(p Pin) error {
	src := f.src
	if src == nil {
		src = []byte(header)
	}
	file, diags := hclwrite.ParseConfig(src, f.path, hcl.InitialPos)
	if diags.HasErrors() {
		return &SyntaxError{Path: f.path, Err: diags}
	}
	labels := []string{p.Name, p.Architecture}
	b := file.Body().FirstMatchingBlock(string(p.Kind), labels)
	if b == nil {
		file.Body().AppendNewline()
		b = file.Body().AppendNewBlock(string(p.Kind), labels)
	}
	b.Body().SetAttributeValue("url", cty.StringVal(p.URL))
	b.Body().SetAttributeValue("sha512", cty.StringVal(p.SHA512))
	out := hclwrite.Format(file.Bytes())
	// World-readable: it is a source file of the project.
	if err := atomicfile.WriteFile(f.path, out, 0o644); err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	written := File{path: f.path, src: out}
	if err := written.parse(); err != nil {
		return err
	}
	*f = written
	return nil
}
