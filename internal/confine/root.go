package confine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Options say what is held back.
type Options struct {
	// ReadOnly refuses every change.
	ReadOnly bool
	// Private are absolute paths of the host, of files and folders, which need
	// not exist yet. What lies there is not seen, and neither it nor what leads
	// to it can be renamed, replaced or removed.
	Private []string
}

// Root is an open folder. Names are slash-separated and clean, and "." is the
// folder itself. A Root is for one goroutine at a time.
type Root struct {
	path     string
	top      *dir
	id       identity
	readOnly bool
	guard    *guard
	// below are the private paths in it by their words, for file systems
	// whose identities depend on the spelling.
	below [][]string
	// passed are the folders on the way of the request at hand.
	passed []identity
	known  known
}

// Open opens a folder by its absolute path, which must lead over no symbolic
// link: one may have been put there since the path was resolved.
func Open(path string, o Options) (*Root, error) {
	top, err := openTop(path)
	if err != nil {
		return nil, err
	}
	r := &Root{path: path, top: top, readOnly: o.ReadOnly}
	if r.id, err = top.identity(); err == nil {
		r.guard = newGuard(r, o.Private)
		err = r.servable(o.Private)
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	for _, private := range o.Private {
		for _, name := range []string{private, resolved(private)} {
			if rel, err := filepath.Rel(path, name); err == nil && filepath.IsLocal(rel) {
				r.below = append(r.below, split(rel))
			}
		}
	}
	return r, nil
}

// resolved is a path without links, as far as it exists.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if parent := filepath.Dir(path); parent != path {
		return filepath.Join(resolved(parent), filepath.Base(path))
	}
	return path
}

// servable refuses a folder that is private, or lies in what is.
func (r *Root) servable(private []string) error {
	id, err := identityOf(r.path)
	if err == nil && id != r.id {
		err = &fs.PathError{Op: "open", Path: r.path, Err: ErrLink} // it was replaced just now
	}
	if holder := Private(r.path, private); err == nil && holder != "" {
		err = &PrivateError{Dir: r.path, Private: holder}
	}
	return err
}

// Private is the private folder that a path lies in, or is; "" for none.
func Private(path string, private []string) string {
	var ids []identity
	for _, p := range private {
		if id, err := identityOf(p); err == nil {
			ids = append(ids, id)
		}
	}
	for at := resolved(path); ; at = filepath.Dir(at) {
		id, err := identityOf(at)
		if reserved(filepath.Base(at)) || slices.Contains(private, at) || err == nil && slices.Contains(ids, id) {
			return at
		}
		if filepath.Dir(at) == at {
			return ""
		}
	}
}

// Close closes the folder; what was opened in it stays open.
func (r *Root) Close() error {
	r.known.close()
	return r.top.close()
}

// place is a word in an open folder, where an object is or may be made.
type place struct {
	name string // of the request
	dir  *dir
	in   identity // of dir
	word string
	ours bool // dir is to be closed
	info Info // of the object; its id is zero where there is none
	// found is the name of dir where it was found word by word and is worth
	// being known, clean that nothing on the way is private, known that dir was
	// found so before.
	found        string
	clean, known bool
}

func (p *place) exists() bool { return p.info.id != identity{} }

// find opens the folder that name lies in. The place has to be left.
func (r *Root) find(name string) (p place, err error) {
	p = place{name: name, dir: r.top, in: r.id, word: name}
	slash := strings.LastIndexByte(name, '/')
	if err := r.checkWords(name); err != nil || slash < 0 {
		return p, err
	}
	p.word = name[slash+1:]
	folderName := name[:slash]
	if f := r.known.open(r.top, folderName); f != nil {
		p.dir, p.in, p.ours, p.known = f.dir, f.id, true, true
		r.passed = append(r.passed, f.id)
		return p, nil
	}
	for word := range strings.SplitSeq(folderName, "/") {
		next, err := p.dir.open(word)
		p.close()
		if errors.Is(err, syscall.ENOTDIR) {
			err = fs.ErrNotExist // a link or a file on the way
		}
		if err != nil {
			return p, err
		}
		p.dir, p.ours = next, true
		if p.in, err = next.identity(); err != nil {
			p.close()
			return p, err
		}
		r.passed = append(r.passed, p.in)
	}
	if strings.Contains(folderName, "/") {
		p.found = folderName
	}
	return p, nil
}

func (p *place) close() {
	if p.ours {
		_ = p.dir.close() // it was only looked at
		p.ours = false
	}
}

// leave closes the place, or keeps its folder for the next request.
func (r *Root) leave(p *place) {
	if p.ours && p.clean && p.found != "" && r.known.keep(p.found, folder{p.dir, p.in}) {
		p.ours = false
	}
	p.close()
}

// checkWords judges a name by its words alone.
func (r *Root) checkWords(name string) error {
	if name == "." {
		return nil
	}
	for word := range strings.SplitSeq(name, "/") {
		switch {
		case word == "" || word == "." || word == ".." || strings.IndexByte(word, 0) >= 0 || !wordOK(word):
			return ErrName
		case reserved(word):
			return ErrPrivate
		}
	}
	if len(r.below) == 0 {
		return nil
	}
	words := strings.Split(name, "/")
	if slices.ContainsFunc(r.below, func(private []string) bool {
		return len(words) >= len(private) && slices.EqualFunc(words[:len(private)], private, sameName)
	}) {
		return ErrPrivate
	}
	return nil
}

// judge refuses the place when what it names is private, or a folder on the
// way is.
func (r *Root) judge(p *place) error {
	if r.guard.refresh() {
		r.known.close() // what was clean may no longer be
		if p.known {
			return errAgain
		}
	}
	if slices.ContainsFunc(r.passed, r.guard.private) || r.guard.private(p.info.id) || r.guard.privateFile(p.info) {
		return ErrPrivate
	}
	p.clean = true
	return nil
}

// see finds an object for a reader.
func (r *Root) see(name string) (place, error) {
	for {
		r.passed = r.passed[:0]
		p, err := r.find(name)
		if err == nil {
			p.info, err = p.dir.lstat(p.word)
		}
		if err == nil {
			err = r.judge(&p)
		}
		if err != errAgain { //nolint:errorlint // it comes from judge
			return p, unseen(err)
		}
		p.close()
	}
}

// Lstat describes an object, a symbolic link as such.
func (r *Root) Lstat(name string) (Info, error) {
	p, err := r.see(name)
	defer r.leave(&p)
	return p.info, err
}

// Readlink is the text of a symbolic link.
func (r *Root) Readlink(name string) (string, error) {
	p, err := r.see(name)
	defer r.leave(&p)
	if err != nil {
		return "", err
	}
	if p.info.mode&fs.ModeSymlink == 0 {
		return "", fs.ErrInvalid
	}
	return p.dir.readlink(p.word)
}

// Top is the folder itself, for questions about its file system.
func (r *Root) Top() (*os.File, error) { return r.top.list() }
