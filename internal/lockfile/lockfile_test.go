package lockfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/lockfile"
)

var (
	digestA = strings.Repeat("ab", 64)
	digestB = strings.Repeat("cd", 64)
)

func alpine(digest string) lockfile.Pin {
	return lockfile.Pin{
		Kind: lockfile.Image, Name: "alpine-3.24", Architecture: "amd64",
		URL: "https://example.org/v3.24/a.qcow2", SHA512: digest,
	}
}

func load(t *testing.T, dir string) *lockfile.File {
	t.Helper()
	f, err := lockfile.Load(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFirstPinMakesTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := load(t, dir)
	if len(f.Pins()) != 0 {
		t.Errorf("Pins() without a file = %v, want none", f.Pins())
	}
	cloud := lockfile.Pin{
		Kind: lockfile.CloudImage, Name: "freebsd-15.1-zfs", Architecture: "arm64",
		URL: "https://example.org/f.raw.xz", SHA512: strings.ToUpper(digestB),
	}
	for _, p := range []lockfile.Pin{alpine(digestA), cloud} {
		if err := f.Add(p); err != nil {
			t.Fatal(err)
		}
	}
	want := `# The files from the network that this project runs, by digest.
# fbdock writes it at the first fetch and refuses other files from then on.
# Commit it, so that everybody who works on the project runs the same.

image "alpine-3.24" "amd64" {
  url    = "https://example.org/v3.24/a.qcow2"
  sha512 = "` + digestA + `"
}

cloud_image "freebsd-15.1-zfs" "arm64" {
  url    = "https://example.org/f.raw.xz"
  sha512 = "` + digestB + `"
}
`
	got, err := os.ReadFile(filepath.Join(dir, lockfile.Name))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
	cloud.SHA512 = digestB
	if diff := cmp.Diff([]lockfile.Pin{cloud, alpine(digestA)}, load(t, dir).Pins()); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestAnotherFileIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := load(t, dir).Add(alpine(digestA)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, lockfile.Name))
	if err != nil {
		t.Fatal(err)
	}
	f := load(t, dir)
	if err := f.Add(alpine(digestA)); err != nil {
		t.Errorf("Add() of the same pin once more: %v, want no error", err)
	}
	err = f.Add(alpine(digestB))
	mismatch, ok := errors.AsType[*lockfile.MismatchError](err)
	if !ok {
		t.Fatalf("Add() of another digest: error = %v, want a MismatchError", err)
	}
	for _, part := range []string{f.Path(), digestA, digestB, "alpine-3.24 on amd64", "https://example.org/v3.24/a.qcow2"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("Add() of another digest: error %[2]q, want %[1]q in it", part, err)
		}
	}
	if !strings.Contains(mismatch.Hint(), `remove the block image "alpine-3.24" "amd64"`) {
		t.Errorf("Hint() = %q, want it to name the block to remove", mismatch.Hint())
	}
	if after, err := os.ReadFile(f.Path()); err != nil || string(after) != string(before) {
		t.Errorf("the lock file after a refused pin: %v, want it unchanged\n%s", err, after)
	}
}

// A download is long: what another fbdock has pinned meanwhile stays.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, other := load(t, dir), load(t, dir)
	cloud := alpine(digestB)
	cloud.Kind, cloud.Name = lockfile.CloudImage, "freebsd-15.1-zfs"
	if err := one.Add(cloud); err != nil {
		t.Fatal(err)
	}
	if err := other.Add(alpine(digestA)); err != nil {
		t.Fatal(err)
	}
	if pins := load(t, dir).Pins(); len(pins) != 2 {
		t.Errorf("Pins() after two writers = %v, want 2", pins)
	}
	if _, refused := errors.AsType[*lockfile.MismatchError](one.Add(alpine(digestB))); !refused {
		t.Error("Add() of a pin that contradicts another process's: no error, want a MismatchError")
	}
}

func TestReplaceKeepsTheRest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	src := "# a note of ours\nimage \"alpine-3.24\" \"amd64\" {\n  # why\n  url = \"https://example.org/old\"\n  sha512 = \"" + digestA + "\"\n}\n"
	if err := os.WriteFile(filepath.Join(dir, lockfile.Name), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	f := load(t, dir)
	if err := f.Replace(alpine(digestB)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(f.Path())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"# a note of ours", "# why", digestB, "v3.24/a.qcow2"} {
		if !strings.Contains(string(got), part) {
			t.Errorf("%q is gone from the lock file, want it kept:\n%s", part, got)
		}
	}
	if p, ok := f.Find(lockfile.Image, "alpine-3.24", "amd64"); !ok || p.SHA512 != digestB {
		t.Errorf("Find() = %v, %v, want the digest %s", p, ok, digestB)
	}
}

func TestBrokenFilesAreNamed(t *testing.T) {
	t.Parallel()
	good := "url = \"https://example.org/u\"\nsha512 = \"" + digestA + "\"\n"
	for name, src := range map[string]string{
		"syntax":    `image "a" {`,
		"labels":    "image \"a\" {\n" + good + "}\n",
		"unknown":   "pin \"a\" \"b\" {\n" + good + "}\n",
		"attribute": "image \"a\" \"b\" {\n" + good + "md5 = \"x\"\n}\n",
		"digest":    "image \"a\" \"b\" {\nurl = \"https://example.org/u\"\nsha512 = \"abc\"\n}\n",
		"address":   "image \"a\" \"b\" {\nurl = \"u\"\nsha512 = \"" + digestA + "\"\n}\n",
		"scheme":    "image \"a\" \"b\" {\nurl = \"file:///etc/passwd\"\nsha512 = \"" + digestA + "\"\n}\n",
		"no host":   "image \"a\" \"b\" {\nurl = \"https:///u\"\nsha512 = \"" + digestA + "\"\n}\n",
		"a user":    "image \"a\" \"b\" {\nurl = \"https://me:secret@example.org/u\"\nsha512 = \"" + digestA + "\"\n}\n",
		"a space":   "image \"a\" \"b\" {\nurl = \"https://example.org/a b\"\nsha512 = \"" + digestA + "\"\n}\n",
		"a control": "image \"a\" \"b\" {\nurl = \"https://example.org/a\\u001b[2J\"\nsha512 = \"" + digestA + "\"\n}\n",
		"twice":     strings.Repeat("image \"a\" \"b\" {\n"+good+"}\n", 2),
		"variable":  "image \"a\" \"b\" {\nurl = var.u\nsha512 = \"" + digestA + "\"\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, lockfile.Name), []byte(src), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := lockfile.Load(t.Context(), dir)
			wrong, ok := errors.AsType[*lockfile.SyntaxError](err)
			if !ok || wrong.Hint() == "" || !strings.Contains(err.Error(), lockfile.Name) || strings.Contains(err.Error(), "secret") {
				t.Errorf("Load() of a broken file: error = %v, want a SyntaxError without the text of the file", err)
			}
		})
	}
}

func TestNothingInventedIsPinned(t *testing.T) {
	t.Parallel()
	f := load(t, t.TempDir())
	for _, p := range []lockfile.Pin{{}, alpine(""), alpine("zz"), alpine(digestA[:64]), {Kind: "other", Name: "a", Architecture: "b", URL: "https://example.org/c", SHA512: digestA}} {
		if err := f.Add(p); err == nil {
			t.Errorf("Add(%+v): no error, want one", p)
		}
	}
	if _, err := os.Stat(f.Path()); err == nil {
		t.Error("Stat of the lock file after refused pins: no error, want none made")
	}
}

func TestUnwritableFolder(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a folder that is a file reads otherwise there")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lockfile.Load(t.Context(), file); err == nil {
		t.Error("Load() with a folder that is a file: no error, want one")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte("image \"a\" \"b\" {\n url = \"https://example.org/u\"\n sha512 = \"" + digestA + "\"\n}\n"))
	f.Add([]byte("# only words\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, lockfile.Name), src, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := lockfile.Load(t.Context(), dir)
		if err != nil {
			return
		}
		if _, pinned := l.Find(lockfile.Image, "alpine-3.24", "amd64"); pinned {
			return
		}
		// What can be read can be added to, and reads as before with it.
		before := len(l.Pins())
		if err := l.Add(alpine(digestA)); err != nil {
			t.Fatal(err)
		}
		if again := load(t, dir).Pins(); len(again) != before+1 {
			t.Errorf("%d pins, want %d", len(again), before+1)
		}
	})
}
