package project

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// takeOver moves the old folder of a project into the state directory, once,
// when Vagrant's own list shows that it is this user's.
func (o Options) takeOver(ctx context.Context, store state.Store, folder string) (state.Found, error) {
	old, err := store.Legacy(folder)
	if err != nil {
		return state.Found{}, err
	}
	list, err := o.vagrantVMs()
	if err != nil {
		return state.Found{}, err
	}
	proof, err := old.Proof(list)
	if err != nil {
		return state.Found{}, err
	}
	return o.Move(ctx, store, old, filepath.Dir(filepath.Dir(proof.Data)))
}

// Move takes the old folder over; at is how the path of the project was spelt
// when its machines got their names.
func (o Options) Move(ctx context.Context, store state.Store, old state.Legacy, at string) (state.Found, error) {
	o.endFormerAgents(ctx, old, at)
	d, err := store.TakeOver(old, state.SuffixOf(at), o.Version)
	if err == nil {
		d, err = o.finish(ctx, d)
	}
	if err != nil {
		return state.Found{}, err
	}
	o.Progress.Say(fmt.Sprintf("what fbdock keeps of this project has moved from %s to %s; run `fbdock up` once, and `fbdock ssh-config` again if you use its blocks", old.Path(), d.Path()))
	return state.Found{Dir: d}, nil
}

// finish ends a takeover, also one that was stopped before.
func (o Options) finish(ctx context.Context, d state.Dir) (state.Dir, error) {
	home, err := vagrant.Home(o.Lookup)
	if err == nil {
		err = vagrant.Relocate(ctx, home, d.Path(), d.UUIDs())
	}
	if err != nil {
		// Vagrant finds its machines without; only its global list is wrong.
		o.Progress.Warn(err.Error())
	}
	return d.FinishTakeOver()
}

// vagrantVMs are the machines that Vagrant lists.
func (o Options) vagrantVMs() ([]state.VM, error) {
	home, err := vagrant.Home(o.Lookup)
	if err != nil {
		return nil, err
	}
	entries, err := vagrant.Entries(home)
	if err != nil {
		return nil, err
	}
	vms := make([]state.VM, len(entries))
	for i, e := range entries {
		vms[i] = state.VM{UUID: e.UUID, Name: e.Name, Provider: e.Provider, Data: e.LocalDataPath}
	}
	return vms, nil
}

// endFormerAgents ends the agents of a former fbdock. One that does not hear is
// found by its lock.
func (o Options) endFormerAgents(ctx context.Context, old state.Legacy, at string) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, m := range old.Machines {
		text, err := state.ReadPlain(filepath.Join(old.Path(), m.Name, "ssh", "agent_host_key.pub"))
		if err != nil {
			continue
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey(text)
		if err != nil {
			continue
		}
		for _, folder := range []string{at, old.Folder} {
			socket := filepath.Join(folder, state.Name, m.Name, "agent.sock")
			if (agent.Remote{Address: o.formerAddress(socket), HostKey: key}).Stop(ctx) == nil {
				break
			}
		}
	}
}

// formerAddress is where a former fbdock had the socket named path: there, or
// for a path that is too long in a short folder.
func (o Options) formerAddress(path string) string {
	sum := sha256.Sum256([]byte(path))
	short := hex.EncodeToString(sum[:8])
	if runtime.GOOS == "windows" {
		sum = sha256.Sum256([]byte(strings.ToLower(path)))
		return `\\.\pipe\fbdock-agent-` + hex.EncodeToString(sum[:8])
	}
	if len(path) <= 100 {
		return path
	}
	user := fmt.Sprintf("fbdock-%d", os.Getuid())
	dir := filepath.Join("/tmp", user)
	if run, _ := o.Lookup("XDG_RUNTIME_DIR"); run != "" && len(run)+len("/fbdock") <= 70 {
		dir = filepath.Join(run, "fbdock")
	}
	return filepath.Join(dir, short+".sock")
}
