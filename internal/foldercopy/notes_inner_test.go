package foldercopy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/untrusted"
)

func noFolder() (map[string]entry, error) { return nil, nil }

// TestNotesOfAHostileGuest: the guest's list of what it has is bounded by
// what the folder has.
func TestNotesOfAHostileGuest(t *testing.T) {
	t.Parallel()
	own := map[string]entry{}
	for i := range 1000 {
		own[fmt.Sprint("file", i)] = entry{known: true}
	}
	for name, test := range map[string]struct {
		line func(i int) string
		scan func() (map[string]entry, error)
		most int
	}{
		"names":        {func(i int) string { return fmt.Sprintf("? \"%d\" 0\n", i) }, noFolder, spareNotes},
		"names beside": {func(i int) string { return fmt.Sprintf("? \"%d\" 0\n", i) }, func() (map[string]entry, error) { return own, nil }, spareNotes + 2*len(own)},
		"long names":   {func(i int) string { return fmt.Sprintf("? \"%032768d\" 0\n", i) }, noFolder, spareBytes / 32768},
		"long links":   {func(i int) string { return fmt.Sprintf("+ \"%d\" 0 0 0 \"%032768d\"\n", i, i) }, noFolder, spareBytes / 32768},
	} {
		n := newNotes(test.scan)
		w := n.writer()
		var err error
		for i := 0; err == nil && i < 2*spareNotes; i++ {
			_, err = io.WriteString(w, test.line(i))
		}
		if !untrusted.IsTooLarge(err) || len(n.have) > test.most+1 {
			t.Errorf("%s: %d notes kept, error = %v, want %d or less and a too large error", name, len(n.have), err, test.most+1)
		}
	}
}

// TestNotesOfALargeFolder: a folder that has many files may have them in the
// guest, and one that cannot be looked at is told.
func TestNotesOfALargeFolder(t *testing.T) {
	t.Parallel()
	const size = spareNotes + 1
	own := map[string]entry{}
	for i := range size {
		own[fmt.Sprint(i)] = entry{}
	}
	looks := 0
	n := newNotes(func() (map[string]entry, error) {
		looks++
		return own, nil
	})
	w := n.writer()
	for name := range own {
		if _, err := io.WriteString(w, entry{}.note(name)); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.have) != size || looks != 1 {
		t.Errorf("notes kept = %d after %d scans, want %d after 1", len(n.have), looks, size)
	}
	gone := newNotes(func() (map[string]entry, error) { return nil, fs.ErrNotExist })
	gone.names = 0
	if _, err := io.WriteString(gone.writer(), "? \"a\" 0\n"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Write() without the folder: error = %v, want ErrNotExist", err)
	}
}

// FuzzNotes: what fbdock has noted is read as it was, whatever stands before,
// behind, or in the place of it, and wherever the stream is cut.
func FuzzNotes(f *testing.F) {
	f.Add("+ \"a\" 420 1 2 \"\"\n", "dir/ü \"b\"\n", "../x", int64(7), uint32(0o644), 3)
	f.Add("? \"a\" 0\n- \"a\"\n+ \"a", "a", "", int64(-1), uint32(fs.ModeSymlink|0o777), 1)
	f.Add("\xff\n%!d\n+ + +", "\xff\x00", "l", int64(0), uint32(fs.ModeDir), 100)
	f.Fuzz(func(t *testing.T, before, name, link string, size int64, mode uint32, cut int) {
		want := entry{known: true, mode: fs.FileMode(mode), size: size, mtime: size, link: link}
		text := before + "\n" + want.note(name) + entry{mode: want.mode.Type()}.note(name+"2") + want.note(name+"3") + noteGone(name+"3") + want.note("half")
		text = strings.TrimSuffix(text, "\n")
		n := newNotes(noFolder)
		w := n.writer()
		for rest := text; rest != ""; {
			k := min(max(cut, 1), len(rest))
			if _, err := io.WriteString(w, rest[:k]); err != nil {
				t.Fatal(err)
			}
			rest = rest[k:]
		}
		if len(name)+len(link) > maxNote/8 || strings.Contains(before, "half") {
			return // cut off, or somebody else's
		}
		if diff := cmp.Diff(want, n.have[name], cmp.AllowUnexported(entry{})); diff != "" {
			t.Errorf("%q is not what was noted (-want +got):\n%s", name, diff)
		}
		if got := n.have[name+"2"]; got.known || got.mode != want.mode.Type() {
			t.Errorf("note of an unsure entry = %+v, want known = false and mode %v", got, want.mode.Type())
		}
		if _, there := n.have[name+"3"]; there {
			t.Errorf("note of %q, which was deleted: found, want none", name+"3")
		}
		if _, there := n.have["half"]; there && name != "half" {
			t.Error("note of a line without its end: found, want none")
		}
		held := 0
		for name, e := range n.have {
			held += len(name) + len(e.link)
		}
		if held != n.held {
			t.Errorf("bytes counted = %d, want %d", n.held, held)
		}
	})
}
