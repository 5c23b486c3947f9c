package confine

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// guard knows what is private below a root, and asks the file system anew for
// every request: a private folder that fbdock makes while a guest tries is
// refused from its first moment on.
type guard struct {
	root   *dir
	path   string // of the root
	rootID identity

	secrets []secret
	looked  time.Time // at all of them

	files   map[identity]bool // below the private folders
	counted time.Time
	tooMany bool
}

// secret is one private path.
type secret struct {
	path string
	id   identity // of what is there, zero where nothing is
	// below are the words that lead from the root to it; none where the way
	// does not pass the root, so that nobody gets there from it.
	below []string
	steps []step   // from the root, links included
	to    identity // what the steps led to
}

// step is a word in a folder. id is zero where the word does not exist; it is
// the last step then.
type step struct {
	in, id identity
	word   string
	last   bool // the private path itself
}

const (
	// lookAgain is how long what only the host's user can change is taken to
	// be the same: the way to a private path outside of the root, and the
	// files of private folders, of which a guest can make no hard link.
	lookAgain = time.Second
	// maxFiles bounds the private files that are known; with more of them
	// every file with a second name is taken for one.
	maxFiles = 100_000
	// maxLinks bounds the links on the way to a private path.
	maxLinks = 40
)

func newGuard(r *Root, private []string) *guard {
	g := &guard{root: r.top, path: r.path, rootID: r.id}
	for _, path := range private {
		g.secrets = append(g.secrets, secret{path: path})
	}
	return g
}

// refresh looks at the private paths, and tells whether one of them is another
// object than before. It comes after the objects that are judged are known, so
// that none becomes private in between.
func (g *guard) refresh() (changed bool) {
	all := time.Since(g.looked) > lookAgain
	for i := range g.secrets {
		s := &g.secrets[i]
		before := s.id
		switch {
		case all:
			s.id, _ = identityOf(s.path)
			g.trace(s)
		case len(s.below) > 0:
			s.id, _ = g.root.reach(s.below)
		}
		changed = changed || s.id != before
	}
	if all {
		g.looked = time.Now()
	}
	return changed
}

// private tells whether an object is a private path.
func (g *guard) private(id identity) bool {
	return id != identity{} && slices.ContainsFunc(g.secrets, func(s secret) bool { return s.id == id })
}

// follow brings the steps up to date; refresh comes before.
func (g *guard) follow() {
	for i := range g.secrets {
		s := &g.secrets[i]
		missing := s.id == identity{}
		switch {
		case len(s.below) == 0 || !missing && s.to == s.id:
		case missing && len(s.below) == 1: // the name in the root says it all
			s.steps, s.to = append(s.steps[:0], step{in: g.rootID, word: s.below[0], last: true}), s.id
		default:
			s.steps, s.to = s.steps[:0], s.id
			g.walk(s, g.path, s.below)
		}
	}
}

// leads tells whether an object is private or on the way to what is.
func (g *guard) leads(id identity) bool {
	return id != identity{} && g.anyStep(func(s step) bool { return s.id == id })
}

// awaited tells whether a word that does not exist would be on the way to what
// is private: who makes it decides what is found there.
func (g *guard) awaited(in identity, word string) bool {
	return g.anyStep(func(s step) bool { return s.id == identity{} && s.in == in && sameName(word, s.word) })
}

// names tells whether a word of a folder names what is private.
func (g *guard) names(in identity, word string) bool {
	return g.anyStep(func(s step) bool { return s.last && s.in == in && sameName(word, s.word) })
}

func (g *guard) anyStep(is func(step) bool) bool {
	return slices.ContainsFunc(g.secrets, func(s secret) bool { return slices.ContainsFunc(s.steps, is) })
}

// trace finds out whether the way to a private path passes the root.
func (g *guard) trace(s *secret) {
	s.below, s.steps, s.to = nil, nil, s.id
	g.walk(s, filepath.VolumeName(s.path)+string(filepath.Separator), split(s.path))
}

// walk follows words from a folder as the host's system does, and notes the
// steps behind the root.
func (g *guard) walk(s *secret, at string, words []string) {
	in, _ := identityOf(at)
	for links := 0; len(words) > 0; {
		if in == g.rootID {
			s.below, s.steps = words, nil
		}
		word := words[0]
		words = words[1:]
		if word == ".." {
			at = filepath.Dir(at)
			in, _ = identityOf(at)
			continue
		}
		next := filepath.Join(at, word)
		id, mode, err := lidentityOf(next)
		if len(s.below) > 0 {
			s.steps = append(s.steps, step{in: in, id: id, word: word, last: len(words) == 0})
		}
		switch {
		case err != nil:
			return
		case mode&fs.ModeSymlink == 0:
			at, in = next, id
			continue
		}
		text, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return
		}
		if filepath.IsAbs(text) {
			at = filepath.VolumeName(text) + string(filepath.Separator)
			in, _ = identityOf(at)
		}
		words = append(split(text), words...)
	}
}

// split cuts a path into words.
func split(path string) []string {
	path = path[len(filepath.VolumeName(path)):]
	return slices.DeleteFunc(strings.FieldsFunc(path, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }),
		func(word string) bool { return word == "." })
}

// privateFile tells whether an object with more than one name is a private
// file, or lies in a private folder by another of its names.
func (g *guard) privateFile(i Info) bool {
	if i.links < 2 || !i.mode.IsRegular() {
		return false
	}
	if g.files == nil || time.Since(g.counted) > lookAgain {
		g.count()
	}
	return g.files[i.id] || g.tooMany
}

func (g *guard) count() {
	g.files, g.counted, g.tooMany = map[identity]bool{}, time.Now(), false
	for _, secret := range g.secrets {
		path := secret.path
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		_ = filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error { // what cannot be read has no names that it could tell
			if err != nil || d.IsDir() {
				return nil
			}
			if len(g.files) >= maxFiles {
				g.tooMany = true
				return fs.SkipAll
			}
			if id, _, err := lidentityOf(name); err == nil {
				g.files[id] = true
			}
			return nil
		})
	}
}
