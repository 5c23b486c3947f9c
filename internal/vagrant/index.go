package vagrant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/hostfile"
)

// Home is Vagrant's own folder of this user.
func Home(lookup func(string) (string, bool)) (string, error) {
	if dir, _ := lookup("VAGRANT_HOME"); dir != "" {
		return dir, nil
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, _ := lookup(name); home != "" {
			return filepath.Join(home, ".vagrant.d"), nil
		}
	}
	return "", errors.New("find Vagrant's folder: there is no home folder")
}

// Index is Vagrant's list of all machines of this user, which it writes when
// it makes one (lib/vagrant/machine_index.rb of 2.3.4 and of 2.4).
type Index struct {
	Version  int                        `json:"version"`
	Machines map[string]json.RawMessage `json:"machines"`
}

// Entry is one machine of the Index.
type Entry struct {
	UUID            string `json:"-"`
	Name            string `json:"name"`
	Provider        string `json:"provider"`
	LocalDataPath   string `json:"local_data_path"`
	VagrantfilePath string `json:"vagrantfile_path"`
}

func indexFile(home string) string { return filepath.Join(home, "data", "machine-index", "index") }

// Entries reads the list in Vagrant's folder; one that does not exist is
// empty.
func Entries(home string) ([]Entry, error) {
	index, err := readIndex(home)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for uuid, raw := range index.Machines {
		e := Entry{UUID: uuid}
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, fmt.Errorf("read Vagrant's list of machines: %w", err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// maxIndex bounds what is read of it: each machine takes about 400 bytes.
const maxIndex = 64 << 20

func readIndex(home string) (Index, error) {
	var index Index
	data, err := hostfile.ReadNow(indexFile(home), maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return index, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &index)
	}
	if err == nil && index.Version != 1 {
		err = fmt.Errorf("its version is %d", index.Version)
	}
	if err != nil {
		return index, fmt.Errorf("read Vagrant's list of machines: %w", err)
	}
	return index, nil
}

// indexWait bounds the wait for a Vagrant that changes its list.
const indexWait = 10 * time.Second

// Relocate tells Vagrant's list where the Vagrantfile and the data of machines
// are now: `vagrant global-status --prune` would forget them else. It takes the
// lock that Vagrant takes.
func Relocate(ctx context.Context, home, folder string, uuids []string) (err error) {
	lock := flock.New(indexFile(home)+".lock", flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(ctx, indexWait)
	defer cancel()
	if ok, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil || !ok {
		return fmt.Errorf("lock Vagrant's list of machines: %w", errors.Join(err, ctx.Err()))
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	index, err := readIndex(home)
	if err != nil {
		return err
	}
	changed := false
	for _, uuid := range uuids {
		var entry map[string]any
		raw, ok := index.Machines[uuid]
		if !ok || json.Unmarshal(raw, &entry) != nil {
			continue
		}
		entry["vagrantfile_path"], entry["local_data_path"] = folder, filepath.Join(folder, ".vagrant")
		if index.Machines[uuid], err = json.Marshal(entry); err != nil {
			return fmt.Errorf("change Vagrant's list of machines: %w", err)
		}
		changed = true
	}
	if !changed {
		return nil
	}
	data, err := json.Marshal(index)
	if err != nil {
		return fmt.Errorf("change Vagrant's list of machines: %w", err)
	}
	info, err := os.Stat(indexFile(home))
	if err == nil {
		err = atomicfile.WriteFile(indexFile(home), data, info.Mode().Perm())
	}
	if err != nil {
		return fmt.Errorf("change Vagrant's list of machines: %w", err)
	}
	return nil
}

// BoxNames are the boxes in Vagrant's folder, without a call of Vagrant.
func BoxNames(home string) []string {
	entries, err := os.ReadDir(filepath.Join(home, "boxes"))
	if err != nil {
		return nil // there are none
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, strings.ReplaceAll(e.Name(), "-VAGRANTSLASH-", "/"))
		}
	}
	return names
}
