package confine

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"
)

// change finds where a change is to be made, whether an object is there or
// not.
func (r *Root) change(name string) (place, error) {
	if r.readOnly {
		return place{}, ErrReadOnly
	}
	for passed := len(r.passed); ; r.passed = r.passed[:passed] {
		p, err := r.changeOnce(name)
		if err != errAgain { //nolint:errorlint // it comes from judge
			return p, err
		}
		p.close()
	}
}

func (r *Root) changeOnce(name string) (place, error) {
	p, err := r.find(name)
	if err != nil {
		return p, err
	}
	info, missing := p.dir.lstat(p.word)
	if missing != nil && !errors.Is(missing, fs.ErrNotExist) {
		return p, missing
	}
	if missing == nil {
		p.info = info
	}
	if err := r.judge(&p); err != nil {
		return p, err
	}
	r.guard.follow()
	if !p.exists() && r.guard.awaited(p.in, p.word) || r.guard.names(p.in, p.word) {
		return p, ErrPrivate
	}
	return p, nil
}

// existing finds an object that is to be changed.
func (r *Root) existing(name string) (place, error) {
	r.passed = r.passed[:0]
	p, err := r.change(name)
	if err == nil && !p.exists() {
		err = fs.ErrNotExist
	}
	return p, err
}

// vacant finds where an object is to be made.
func (r *Root) vacant(name string) (place, error) {
	r.passed = r.passed[:0]
	p, err := r.change(name)
	if err == nil && p.exists() {
		err = fs.ErrExist
	}
	return p, err
}

// movable refuses to take an object away from its name: the folder itself, and
// what leads to something private.
func (r *Root) movable(p *place) error {
	if p.name == "." {
		return fs.ErrInvalid
	}
	if r.guard.leads(p.info.id) || r.holds(p.name) {
		return ErrPrivate
	}
	return nil
}

// holds tells whether something private is below a name, by the words alone.
func (r *Root) holds(name string) bool {
	words := split(name)
	return slices.ContainsFunc(r.below, func(private []string) bool {
		return len(private) >= len(words) && slices.EqualFunc(words, private[:len(words)], sameName)
	})
}

// Mkdir makes a folder.
func (r *Root) Mkdir(name string, perm fs.FileMode) error {
	p, err := r.vacant(name)
	defer r.leave(&p)
	if err != nil {
		return err
	}
	return p.dir.mkdir(p.word, perm)
}

// Remove removes a file, a link or whatever is no folder.
func (r *Root) Remove(name string) error { return r.remove(name, false) }

// Rmdir removes an empty folder.
func (r *Root) Rmdir(name string) error { return r.remove(name, true) }

func (r *Root) remove(name string, folder bool) error {
	p, err := r.existing(name)
	defer r.leave(&p)
	if err == nil {
		err = r.movable(&p)
	}
	if err == nil && p.info.IsDir() != folder {
		err = fs.ErrInvalid
	}
	if err != nil {
		return err
	}
	return p.dir.unlink(p.word, folder)
}

// Rename gives an object another name; replace lets it take the place of
// another object.
func (r *Root) Rename(from, to string, replace bool) error {
	a, err := r.existing(from)
	defer r.leave(&a)
	if err == nil {
		err = r.movable(&a)
	}
	if err != nil {
		return err
	}
	b, err := r.change(to)
	defer r.leave(&b)
	if err == nil {
		err = r.movable(&b)
	}
	if err == nil && b.exists() && !replace {
		err = fs.ErrExist
	}
	if err != nil {
		return err
	}
	return a.dir.rename(a.word, b.dir, b.word)
}

// Link gives a regular file a second name.
func (r *Root) Link(from, to string) error {
	a, err := r.existing(from)
	defer r.leave(&a)
	if err == nil {
		err = r.movable(&a)
	}
	if err == nil && !a.info.mode.IsRegular() {
		err = fs.ErrPermission
	}
	if err != nil {
		return err
	}
	b, err := r.change(to)
	defer r.leave(&b)
	if err == nil && b.exists() {
		err = fs.ErrExist
	}
	if err == nil {
		err = a.dir.link(a.word, b.dir, b.word)
	}
	if err != nil {
		return err
	}
	// The file may have been another one by then.
	made, err := b.dir.lstat(b.word)
	if err == nil && made.id != a.info.id && (r.guard.private(made.id) || r.guard.privateFile(made)) {
		return errors.Join(ErrPrivate, b.dir.unlink(b.word, false))
	}
	return nil
}

// Symlink makes a symbolic link with any text: it is followed by nobody here.
func (r *Root) Symlink(text, name string) error {
	p, err := r.vacant(name)
	defer r.leave(&p)
	if err != nil {
		return err
	}
	return p.dir.symlink(text, p.word)
}

// Changes are attributes to be set; nil leaves one as it is.
type Changes struct {
	Size  *int64
	Mode  *fs.FileMode
	Times *Times
}

// Times of a file.
type Times struct{ Accessed, Modified time.Time }

// Set changes attributes of a file or folder. A symbolic link has none to be
// set: ErrLink.
func (r *Root) Set(name string, c Changes) error {
	if c.Size != nil {
		if err := r.truncate(name, *c.Size); err != nil {
			return err
		}
	}
	p, err := r.existing(name)
	defer r.leave(&p)
	switch {
	case err != nil:
		return err
	case p.info.mode&fs.ModeSymlink != 0:
		return ErrLink
	case c.Mode != nil && p.name != "." && r.guard.leads(p.info.id):
		return ErrPrivate // others could get in
	}
	if c.Mode != nil {
		if err := p.dir.chmod(p.word, *c.Mode); err != nil {
			return err
		}
	}
	if c.Times != nil {
		return p.dir.chtimes(p.word, *c.Times)
	}
	return nil
}

func (r *Root) truncate(name string, size int64) error {
	file, err := r.Open(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(size), file.Close())
}
