package state_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/state"
)

// look finds what there is of a folder.
func look(t *testing.T, s state.Store, folder string) state.Found {
	t.Helper()
	f, err := s.Look(folder)
	if err != nil {
		t.Fatalf("Look(%s): %v, want no error", folder, err)
	}
	return f
}

func TestAProjectIsItsFolderHoweverItIsSpelt(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	s, base := store(t), folder(t)
	project := filepath.Join(base, "p")
	must(t, os.Mkdir(project, 0o700))
	d := made(t, s, project)
	link(t, project, filepath.Join(base, "link"))
	link(t, base, filepath.Join(base, "up"))
	for _, spelling := range []string{"p", "link", "up/p", "up/link/", "p/../p/."} {
		f := look(t, s, base+"/"+spelling)
		if f.Record().ID != d.Record().ID || f.Folder() != project || f.MovedFrom != "" {
			t.Errorf("%s is %+v, want %s", spelling, f, d.Record().ID)
		}
	}
}

func TestAMovedFolderStaysTheProject(t *testing.T) {
	t.Parallel()
	s, base := store(t), folder(t)
	from, to := filepath.Join(base, "from"), filepath.Join(base, "to")
	must(t, os.Mkdir(from, 0o700))
	d := made(t, s, from)
	must(t, os.Rename(from, to))
	f := look(t, s, to)
	if f.Record().ID != d.Record().ID || f.MovedFrom != from || f.Folder() != to || f.Suffix() != d.Suffix() {
		t.Fatalf("Look(%s) after a move = %+v, want project %s, moved from %s", to, f, d.Record().ID, from)
	}
	must(t, s.Moved(f))
	if f = look(t, s, to); f.MovedFrom != "" || f.Folder() != to {
		t.Errorf("second Look(%s) after a move = %+v, want no MovedFrom", to, f)
	}
	// The place that it has left belongs to whoever comes next, under names of
	// their own.
	must(t, os.Mkdir(from, 0o700))
	if f = look(t, s, from); f.Exists() || f.Claim != nil || f.Suffix() == d.Suffix() {
		t.Errorf("Look(%s) of a new folder at the old path = %+v, want no project", from, f)
	}
}

func TestACopyIsAnotherProject(t *testing.T) {
	t.Parallel()
	s, base := store(t), folder(t)
	one, two := filepath.Join(base, "one"), filepath.Join(base, "two")
	must(t, os.Mkdir(one, 0o700))
	d := made(t, s, one)
	must(t, os.CopyFS(two, os.DirFS(one)))
	f := look(t, s, two)
	if f.Exists() || f.Claim == nil || f.Claim.Kind != state.Copied || f.Claim.Record.ID != d.Record().ID || f.Suffix() == d.Suffix() {
		t.Fatalf("Look(%s) of a copy = %+v, want a claim of kind Copied for project %s", two, f, d.Record().ID)
	}
	other := made(t, s, two)
	if f = look(t, s, two); f.Claim != nil || f.Record().ID != other.Record().ID || other.Record().ID == d.Record().ID {
		t.Errorf("Look(%s) of a copy that became a project = %+v, want project %s and no claim", two, f, other.Record().ID)
	}
	if f = look(t, s, one); f.Record().ID != d.Record().ID {
		t.Errorf("Look(%s) of the original = %+v, want project %s", one, f, d.Record().ID)
	}
}

// A folder on another disk, or out of a backup, has other numbers; its marker
// says whose it was, and is not enough.
func TestARestoredFolderIsOnlySaidToBeTheProject(t *testing.T) {
	t.Parallel()
	s, base := store(t), folder(t)
	one, two := filepath.Join(base, "one"), filepath.Join(base, "two")
	must(t, os.Mkdir(one, 0o700))
	d := made(t, s, one)
	must(t, os.CopyFS(two, os.DirFS(one)))
	must(t, os.RemoveAll(one))
	f := look(t, s, two)
	if f.Exists() || f.Claim == nil || f.Claim.Kind != state.Restored || f.Claim.Record.ID != d.Record().ID {
		t.Errorf("Look(%s) of a restored folder = %+v, want a claim of kind Restored for project %s", two, f, d.Record().ID)
	}
}

// The number of a folder is given to another one when it is gone.
func TestAReusedNumberIsNotTheProject(t *testing.T) {
	t.Parallel()
	s, project := store(t), folder(t)
	d := made(t, s, project)
	record := d.Record()
	if record.Born == 0 {
		t.Skip("this file system does not say when a folder was made")
	}
	record.Born -= 1e9
	rewrite(t, d, record)
	f := look(t, s, project)
	if f.Exists() || f.Claim == nil || f.Claim.Kind != state.Restored {
		t.Errorf("Look() of a reused inode with a marker = %+v, want a claim of kind Restored", f)
	}
	must(t, os.RemoveAll(d.Marker()))
	if f = look(t, s, project); f.Exists() || f.Claim == nil || f.Claim.Kind != state.Replaced || f.Suffix() == d.Suffix() {
		t.Errorf("Look() of a reused inode without a marker = %+v, want a claim of kind Replaced", f)
	}
	// Where nobody knows when it was made, the marker or the path has to agree.
	record.Born, record.Path = 0, filepath.Join(project, "gone")
	rewrite(t, d, record)
	if f = look(t, s, project); f.Exists() {
		t.Errorf("Look() where neither path nor marker match = %+v, want no project", f)
	}
	must(t, os.Mkdir(d.Marker(), 0o700))
	must(t, os.WriteFile(filepath.Join(d.Marker(), "id"), []byte(record.ID), 0o600))
	if f = look(t, s, project); f.Record().ID != record.ID || f.MovedFrom != record.Path {
		t.Errorf("Look() where only the marker matches = %+v, want project %s, moved from %s", f, record.ID, record.Path)
	}
}

// The number of a device is another after a boot, and the folder is not.
func TestADeviceMayHaveAnotherNumber(t *testing.T) {
	t.Parallel()
	s, project := store(t), folder(t)
	d := made(t, s, project)
	record := d.Record()
	record.Device = "ffff"
	rewrite(t, d, record)
	if f := look(t, s, project); f.Record().ID != record.ID || f.MovedFrom != "" {
		t.Errorf("Look() where only the device number differs = %+v, want project %s, not moved", f, record.ID)
	}
}

func rewrite(t *testing.T, d state.Dir, r state.Record) {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	must(t, os.WriteFile(filepath.Join(d.Path(), "project.json"), data, 0o600))
	if err := os.Remove(filepath.Join(d.Home(), "index.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// Whatever stops fbdock, what the records say is found.
func TestTheIndexIsOnlyAnIndex(t *testing.T) {
	t.Parallel()
	s, project := store(t), folder(t)
	d := made(t, s, project)
	for what, f := range map[string]func(string) error{
		"gone": os.Remove, "broken": func(file string) error { return os.WriteFile(file, []byte("{"), 0o600) },
		"old": func(file string) error { return os.WriteFile(file, []byte(`{"format":1}`), 0o600) },
	} {
		must(t, f(filepath.Join(d.Home(), "index.json")))
		if got := look(t, s, project); got.Record().ID != d.Record().ID {
			t.Errorf("Look() with an index that is %s = %+v, want project %s", what, got, d.Record().ID)
		}
	}
	must(t, os.RemoveAll(d.Path()))
	if f := look(t, s, project); f.Exists() {
		t.Errorf("Look() of a project whose state was removed by hand = %+v, want no project", f)
	}
	made(t, s, project)
}

func TestRemoveTakesTheMarkerAway(t *testing.T) {
	t.Parallel()
	s, project := store(t), folder(t)
	d := made(t, s, project)
	must(t, d.Machine("dev").Make())
	must(t, d.Remove())
	for _, gone := range []string{d.Path(), d.Marker()} {
		if _, err := os.Lstat(gone); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("Lstat(%s) after Remove(): error = %v, want ErrNotExist", gone, err)
		}
	}
	if records, err := s.Records(); err != nil || len(records) != 0 {
		t.Errorf("Records() after Remove() = %v, %v, want none", records, err)
	}
}

// What is in the way of the marker is not written through.
func TestAMarkerFollowsNoLink(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	s, project, outside := store(t), folder(t), filepath.Join(folder(t), "mine")
	must(t, os.WriteFile(outside, []byte("0123456789abcdef\n"), 0o600))
	must(t, os.Mkdir(filepath.Join(project, ".fbdock"), 0o700))
	link(t, outside, filepath.Join(project, ".fbdock", "id"))
	link(t, outside, filepath.Join(project, ".fbdock", ".gitignore"))
	d := made(t, s, project)
	if text, err := os.ReadFile(outside); err != nil || string(text) != "0123456789abcdef\n" {
		t.Errorf("%s outside of the folder holds %q, %v, want its old text", outside, text, err)
	}
	if text, err := os.ReadFile(filepath.Join(project, ".fbdock", "id")); err != nil || strings.TrimSpace(string(text)) != d.Record().ID {
		t.Errorf("the marker holds %q, %v, want %s", text, err, d.Record().ID)
	}
}

func TestAReadOnlyFolderWorks(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("this user writes everywhere")
	}
	s, project := store(t), folder(t)
	must(t, os.Chmod(project, 0o500))
	defer func() { _ = os.Chmod(project, 0o700) }()
	d := made(t, s, project)
	if f := look(t, s, project); d.Record().Marked || f.Record().ID != d.Record().ID {
		t.Errorf("Look() of a read-only folder = %+v, want project %s, not marked", f, d.Record().ID)
	}
}

func TestOldFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Vagrantfile", ".vagrant/x", "log/x", "lock", "version", "dev/host.json"} {
		s, project := store(t), folder(t)
		file := filepath.Join(project, ".fbdock", filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		must(t, os.WriteFile(file, []byte("1\n"), 0o600))
		_, err := s.Look(project)
		if legacy, ok := errors.AsType[*state.LegacyError](err); !ok || legacy.Hint() == "" {
			t.Errorf("Look() with %s of an old version: error = %v, want a LegacyError with a hint", name, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
