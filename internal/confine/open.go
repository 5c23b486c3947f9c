package confine

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// File is an open regular file.
type File struct{ *os.File }

// Set changes the file's attributes.
func (f *File) Set(c Changes) error {
	if c.Size != nil {
		if err := f.Truncate(*c.Size); err != nil {
			return err
		}
	}
	if c.Mode != nil {
		if err := f.Chmod(*c.Mode); err != nil {
			return err
		}
	}
	if c.Times != nil {
		return f.chtimes(*c.Times)
	}
	return nil
}

const changing = os.O_WRONLY | os.O_RDWR | os.O_CREATE | os.O_TRUNC

// Open opens a regular file; flag is of os.OpenFile's, without O_APPEND.
func (r *Root) Open(name string, flag int, perm fs.FileMode) (*File, error) {
	var p place
	var err error
	if flag&changing == 0 {
		p, err = r.see(name)
	} else {
		r.passed = r.passed[:0]
		if p, err = r.change(name); err == nil && !p.exists() && flag&os.O_CREATE == 0 {
			err = fs.ErrNotExist
		}
	}
	defer r.leave(&p)
	switch {
	case err != nil:
		return nil, err
	case p.exists() && flag&(os.O_CREATE|os.O_EXCL) == os.O_CREATE|os.O_EXCL:
		return nil, fs.ErrExist
	case p.exists():
		if err := openable(p.info); err != nil {
			return nil, err
		}
	}
	// Nothing is cut before it is known what was opened.
	file, err := p.dir.openFile(p.word, flag&^os.O_TRUNC, perm)
	if err != nil {
		return nil, err
	}
	err = r.opened(&p, file)
	if err == nil && flag&os.O_TRUNC != 0 {
		err = file.Truncate(0)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// openable refuses what would do something just by being opened.
func openable(i Info) error {
	switch {
	case i.mode.IsRegular():
		return nil
	case i.mode&fs.ModeSymlink != 0:
		return ErrLink
	case i.IsDir():
		return errFolder
	}
	return errSpecial
}

// opened judges what was opened, which may be another object than the one that
// was found.
func (r *Root) opened(p *place, file *File) error {
	info, err := file.Info()
	if err != nil {
		return err
	}
	if err := openable(info); err != nil {
		return err
	}
	if info.id == p.info.id {
		return nil
	}
	p.info = info
	return r.judge(p)
}

// Dir is an open folder that is being listed.
type Dir struct {
	root *Root
	dir  *dir
	id   identity
	file *os.File
}

// OpenDir opens a folder to be listed.
func (r *Root) OpenDir(name string) (*Dir, error) {
	p, err := r.see(name)
	defer r.leave(&p)
	if err != nil {
		return nil, err
	}
	if !p.info.IsDir() {
		return nil, errNoFolder
	}
	d := &Dir{root: r}
	if d.dir, err = p.dir.open(p.word); err != nil {
		return nil, err
	}
	if d.id, err = d.dir.identity(); err == nil && d.id != p.info.id {
		p.info.id = d.id
		err = unseen(r.judge(&p))
	}
	if err == nil {
		d.file, err = d.dir.list()
	}
	if err != nil {
		return nil, errors.Join(err, d.dir.close())
	}
	d.dir = d.dir.share(d.file)
	return d, nil
}

// Info describes the folder.
func (d *Dir) Info() (Info, error) { return d.dir.lstat(".") }

// SyscallConn is the descriptor that was opened last.
func (d *Dir) SyscallConn() (syscall.RawConn, error) { return d.file.SyscallConn() }

// Close ends the listing.
func (d *Dir) Close() error { return errors.Join(d.dir.unshare(), d.file.Close()) }

// Next are up to n more of what is in the folder, io.EOF ends them.
func (d *Dir) Next(n int) ([]Info, error) {
	infos, err := d.dir.entries(d.file, n)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	g := d.root.guard
	g.refresh()
	g.follow()
	if g.private(d.id) {
		return nil, fs.ErrNotExist
	}
	shown := infos[:0]
	for _, i := range infos {
		if reserved(i.name) || !wordOK(i.name) || g.private(i.id) || g.names(d.id, i.name) || g.privateFile(i) {
			continue
		}
		shown = append(shown, i)
	}
	return shown, err
}
