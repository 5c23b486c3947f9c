package parcel_test

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/parcel"
)

// tree is what is below a folder: modes, and content or the text of a link.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(at string, e fs.DirEntry, err error) error {
		if err != nil || at == dir {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, at)
		text := info.Mode().String()
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			text += " " + string(data) + info.ModTime().UTC().Format(" 2006-01-02")
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(at)
			if err != nil {
				return err
			}
			text += " " + to
		}
		all[filepath.ToSlash(rel)] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes to compare")
	}
	from, to := t.TempDir(), t.TempDir()
	for _, dir := range []string{"d/sub", "d/empty"} {
		if err := os.MkdirAll(filepath.Join(from, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]fs.FileMode{"d/f": 0o640, "d/sub/run": 0o755, "d/a name\nof two lines": 0o600} {
		if err := os.WriteFile(filepath.Join(from, name), []byte(name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(from, name), time.Time{}, time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(from, "d/link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(from, "d/sub"), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.Chmod(filepath.Join(from, "d/sub"), 0o755)
		_ = os.Chmod(filepath.Join(to, "e/sub"), 0o755)
	})
	var archive bytes.Buffer
	if err := parcel.Pack(t.Context(), &archive, []parcel.Item{{Name: "0/d", Host: filepath.Join(from, "d")}}, nil); err != nil {
		t.Fatal(err)
	}
	archive = only(t, archive, "0/d")
	if err := parcel.Unpack(&archive, parcel.Target{Dir: to, Top: "0/d", As: "e"}); err != nil {
		t.Fatal(err)
	}
	want := tree(t, filepath.Join(from, "d"))
	if diff := cmp.Diff(want, tree(t, filepath.Join(to, "e"))); diff != "" {
		t.Errorf("Pack and Unpack (-want +got):\n%s", diff)
	}
}

// only are the entries of an archive below a name, as a guest sends them.
func only(t *testing.T, archive bytes.Buffer, name string) bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for r := tar.NewReader(&archive); ; {
		h, err := r.Next()
		if err != nil {
			break
		}
		if strings.HasPrefix(h.Name, name) {
			if err := w.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(w, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// TestContext: what .dockerignore leaves out is not sent, but for the
// Dockerfile, itself and exceptions.
func TestContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ ignore, dockerfile, want string }{
		{"", "Dockerfile", "Dockerfile a big big/b big/deep big/deep/D big/deep/keep"},
		{"big\n", "Dockerfile", ".dockerignore Dockerfile a"},
		{"big\n!big/deep/keep\n", "Dockerfile", ".dockerignore Dockerfile a big big/deep big/deep/keep"},
		{"*\n", "Dockerfile", ".dockerignore Dockerfile"},
		{"*\n", "big/deep/D", ".dockerignore Dockerfile big big/deep big/deep/D"},
		{"[\n", "Dockerfile", ".dockerignore Dockerfile a big big/b big/deep big/deep/D big/deep/keep"},
	} {
		dir := t.TempDir()
		for _, name := range []string{"Dockerfile", "a", "big/b", "big/deep/keep", "big/deep/D"} {
			if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if tt.ignore != "" {
			if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte(tt.ignore), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var archive bytes.Buffer
		item := parcel.Item{Name: "0", Host: dir, Context: true, Dockerfiles: []string{"Dockerfile", filepath.FromSlash(tt.dockerfile)}}
		if err := parcel.Pack(t.Context(), &archive, []parcel.Item{item}, nil); err != nil {
			t.Fatal(err)
		}
		var names []string
		for r := tar.NewReader(&archive); ; {
			h, err := r.Next()
			if err != nil {
				break
			}
			if name := strings.Trim(strings.TrimPrefix(h.Name, "0/"), "/"); name != "" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("with .dockerignore %q and %s: %s, want %s", tt.ignore, tt.dockerfile, got, tt.want)
		}
	}
}

// TestHostileGuest: nothing is written outside of the folder, nor in it beside
// what was asked for.
func TestHostileGuest(t *testing.T) {
	t.Parallel()
	for _, as := range []string{".", "e"} {
		t.Run("as "+as, func(t *testing.T) { hostileGuest(t, as) })
	}
}

func hostileGuest(t *testing.T, as string) {
	for name, entries := range map[string][]tar.Header{
		"a name above":                  {{Name: "to/../../evil", Typeflag: tar.TypeReg}},
		"a full name":                   {{Name: "/evil", Typeflag: tar.TypeReg}},
		"another name":                  {{Name: "evil", Typeflag: tar.TypeReg}},
		"a name that begins":            {{Name: "tomorrow", Typeflag: tar.TypeReg}},
		"over a link":                   {{Name: "to/l", Typeflag: tar.TypeSymlink, Linkname: ".."}, {Name: "to/l/evil", Typeflag: tar.TypeReg}},
		"over a full link":              {{Name: "to/l", Typeflag: tar.TypeSymlink, Linkname: "OUTSIDE"}, {Name: "to/l/evil", Typeflag: tar.TypeReg}},
		"a hard link":                   {{Name: "to/l", Typeflag: tar.TypeLink, Linkname: "OUTSIDE/kept"}},
		"a hard link above":             {{Name: "to/l", Typeflag: tar.TypeLink, Linkname: "to/../../kept"}},
		"a hard link to what was there": {{Name: "to/l", Typeflag: tar.TypeLink, Linkname: "to/mine"}},
		"over a link to a folder":       {{Name: "to/l", Typeflag: tar.TypeSymlink, Linkname: "dir"}, {Name: "to/l/evil", Typeflag: tar.TypeReg}},
		"over a link that was there":    {{Name: "to/own/evil", Typeflag: tar.TypeReg}},
		"beside it":                     {{Name: "to/l", Typeflag: tar.TypeSymlink, Linkname: "../dir"}, {Name: "to/l/evil", Typeflag: tar.TypeReg}},
		"what is private":               {{Name: "to/secret/evil", Typeflag: tar.TypeReg}},
		"a link in its own place":       {{Name: "to", Typeflag: tar.TypeSymlink, Linkname: "."}, {Name: "to/own/evil", Typeflag: tar.TypeReg}},
		"a device":                      {{Name: "to/d", Typeflag: tar.TypeChar}},
		"a named pipe":                  {{Name: "to/d", Typeflag: tar.TypeFifo}},
		"a file for a folder":           {{Name: "to/dir", Typeflag: tar.TypeReg}},
	} {
		outside := t.TempDir()
		dir := filepath.Join(outside, "dir")
		for _, sub := range []string{"dir", "secret"} {
			if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "mine"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("dir", filepath.Join(dir, "own")); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
		if err := os.WriteFile(filepath.Join(outside, "kept"), []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		if as != "." && entries[0].Name != "to" && name != "what is private" && name != "a file for a folder" {
			entries = append([]tar.Header{{Name: "to", Typeflag: tar.TypeDir}}, entries...)
		}
		for _, h := range entries {
			h.Linkname = strings.ReplaceAll(h.Linkname, "OUTSIDE", outside)
			h.Mode = 0o644
			if err := w.WriteHeader(&h); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := parcel.Unpack(&archive, parcel.Target{Dir: dir, Top: "to", As: as, Private: []string{filepath.Join(dir, "secret")}}); err == nil {
			t.Errorf("Unpack of %s = nil, want an error", name)
		}
		for file, want := range map[string]string{filepath.Join(dir, "mine"): "mine", filepath.Join(outside, "kept"): "kept"} {
			if text, err := os.ReadFile(file); err != nil || string(text) != want {
				t.Errorf("Unpack of %s: %s has %q, %v, want %q", name, file, text, err, want)
			}
		}
		for _, sub := range []string{"dir", "secret"} {
			if list, err := os.ReadDir(filepath.Join(dir, sub)); err != nil || len(list) != 0 {
				t.Errorf("Unpack() of %s: %s holds %v, %v, want nothing", name, sub, list, err)
			}
		}
		list, err := os.ReadDir(outside)
		if err != nil || len(list) != 2 {
			t.Errorf("Unpack() of %s: outside of the folder are %v, %v, want 2 entries", name, list, err)
		}
	}
}

func TestRenamer(t *testing.T) {
	t.Parallel()
	const in = "cp: /tmp/p/1/f and /tmp/p/1, /tmp/p/x, /tmp"
	const want = "cp: ./f and ., /tmp/p/x, /tmp"
	for size := 1; size <= len(in); size++ {
		var out strings.Builder
		r := &parcel.Renamer{W: &out, Names: [][2]string{{"/tmp/p/1/f", "./f"}, {"/tmp/p/1", "."}}}
		for rest := in; rest != ""; rest = rest[min(size, len(rest)):] {
			if _, err := r.Write([]byte(rest[:min(size, len(rest))])); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(); err != nil || out.String() != want {
			t.Errorf("text renamed by %d bytes at a time = %q, %v, want %q", size, out.String(), err, want)
		}
	}
}

// TestOneFile: what is to be a file, as that of --iidfile, is nothing else, and
// no larger than it may be.
func TestOneFile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		entry tar.Header
		ok    bool
	}{
		"a file":             {tar.Header{Name: "./id", Typeflag: tar.TypeReg, Size: 4}, true},
		"a larger file":      {tar.Header{Name: "./id", Typeflag: tar.TypeReg, Size: 5}, false},
		"a symbolic link":    {tar.Header{Name: "./id", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}, false},
		"a folder":           {tar.Header{Name: "./id", Typeflag: tar.TypeDir}, false},
		"a file in a folder": {tar.Header{Name: "./id/x", Typeflag: tar.TypeReg, Size: 4}, false},
	} {
		dir := t.TempDir()
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		test.entry.Mode = 0o644
		if err := w.WriteHeader(&test.entry); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, test.entry.Size)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		err := parcel.Unpack(&archive, parcel.Target{Dir: dir, Top: "id", As: "id", MaxFile: 4})
		list, rerr := os.ReadDir(dir)
		if (err == nil) != test.ok || rerr != nil || (len(list) == 1) != test.ok {
			t.Errorf("Unpack of %s = %v, and there is %v, want ok %v", name, err, list, test.ok)
		}
	}
}
