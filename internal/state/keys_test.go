package state_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/state"
)

var errStop = errors.New("no space left on device")

// keysAt are 11 keys, all of one generation.
func keysAt(generation string) map[string]string {
	keys := map[string]string{}
	for _, name := range []string{
		"tls/ca.pem", "tls/ca-key.pem", "tls/server-cert.pem", "tls/server-key.pem",
		"tls/cert.pem", "tls/key.pem", "tls/guest-cert.pem", "tls/guest-key.pem",
		"ssh/engine_key", "ssh/guest_key", "ssh/engine_host_key",
	} {
		keys[name] = generation + " " + name + "\n"
	}
	return keys
}

// former lays the keys out as 92a7756 did: a file for each.
func former(t *testing.T, d state.Dir, m state.Machine, keys map[string]string) {
	t.Helper()
	for name, text := range keys {
		file := filepath.Join(m.Path(), filepath.FromSlash(name))
		must(t, d.Write(file, []byte(text)))
		if filepath.Ext(name) == "" {
			must(t, d.Write(file+".pub", []byte("public\n")))
		}
	}
	must(t, d.Write(m.KnownHosts(), []byte("pins\n")))
}

// TestKeysAreOneSet: a write of the keys that fails or is killed at any step
// leaves the old set or the new set, of a machine without keys, with the
// single files of former versions, and with a set; issue 12, line 5.
func TestKeysAreOneSet(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"none", "former", "set"} {
		for n, done := 0, false; !done; n++ {
			for _, killed := range []bool{false, true} {
				s, project := store(t), folder(t)
				d := made(t, s, project)
				m := d.Machine("dev")
				old := keysAt("old")
				switch before {
				case "none":
					old = map[string]string{}
				case "former":
					former(t, d, m, old)
				case "set":
					must(t, m.SetKeys(old))
				}
				step := -1
				f, err := s.With(atomicfile.Writer{Fault: func(atomicfile.Step, string) error {
					if step++; step == n || killed && step > n {
						return errStop
					}
					return nil
				}}).Look(project)
				must(t, err)
				err = f.Machine("dev").SetKeys(keysAt("new"))
				if done = step < n; !done && !errors.Is(err, errStop) && err != nil {
					t.Fatal(err)
				}
				got, err := m.Keys()
				must(t, err)
				if !maps.Equal(got, old) && !maps.Equal(got, keysAt("new")) {
					t.Errorf("Keys() after SetKeys over %s keys stopped at step %d: want the old or the new (-old +got):\n%s", before, n, cmp.Diff(old, got))
				}
				must(t, errors.Join(m.SetKeys(keysAt("new")), m.Make()))
				if got, err := m.Keys(); err != nil || !maps.Equal(got, keysAt("new")) {
					t.Errorf("Keys() after SetKeys over %s keys stopped at step %d and ran again: %v, want the new set (-want +got):\n%s", before, n, err, cmp.Diff(keysAt("new"), got))
				}
				if left := keyFiles(t, m); len(left) != 1 {
					t.Errorf("SetKeys over %s keys that stopped at step %d and ran again: files = %q, want one", before, n, left)
				}
			}
			if n > 20 {
				t.Fatal("SetKeys did more than 20 steps, want fewer")
			}
		}
	}
}

// keyFiles are the files below the machine's folder that are not pins.
func keyFiles(t *testing.T, m state.Machine) []string {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(m.Path(), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && path != m.KnownHosts() {
			all = append(all, path)
		}
		return err
	}))
	return all
}

// TestFormerKeys: the single files are read as they are, and removed only when
// their keys are in the set, also after a crash between the two.
func TestFormerKeys(t *testing.T) {
	t.Parallel()
	d, _ := open(t)
	m := d.Machine("dev")
	former(t, d, m, keysAt("old"))
	must(t, m.Make())
	got, err := m.Keys()
	if diff := cmp.Diff(keysAt("old"), got); err != nil || diff != "" {
		t.Errorf("Keys() of single files: %v (-want +got):\n%s", err, diff)
	}
	if m.KeysStamp() != "" || m.KeyFile("tls/ca.pem") != filepath.Join(m.Path(), "tls", "ca.pem") {
		t.Errorf("before SetKeys: KeysStamp() = %q, KeyFile(tls/ca.pem) = %s, want none, a single file", m.KeysStamp(), m.KeyFile("tls/ca.pem"))
	}
	must(t, m.SetKeys(got))
	set, err := os.ReadFile(m.KeyFile("tls/ca.pem"))
	must(t, err)
	if names := keyFiles(t, m); !slices.Equal(names, []string{m.KeyFile("tls/ca.pem")}) {
		t.Errorf("files after SetKeys = %q, want only %q", names, m.KeyFile("tls/ca.pem"))
	}
	// The crash: the set is there, and so are the files.
	former(t, d, m, keysAt("stale"))
	must(t, m.Make())
	if again, err := m.Keys(); err != nil || !maps.Equal(again, got) || len(keyFiles(t, m)) != 1 {
		t.Errorf("Keys() after Make() = %v, %v, files %q, want the new keys in one file", again, err, keyFiles(t, m))
	}
	if _, err := os.Stat(m.KnownHosts()); err != nil {
		t.Error(err)
	}
	// A set that is damaged stays as it is, and says so.
	must(t, os.WriteFile(m.KeyFile("tls/ca.pem"), set[:len(set)/2], 0o600))
	_, err = m.Keys()
	damaged, ok := errors.AsType[*state.DamagedError](err)
	if !ok || damaged.File != m.KeyFile("tls/ca.pem") || damaged.Hint() == "" {
		t.Errorf("Keys() with half a file: error = %v, want a DamagedError", err)
	}
}
