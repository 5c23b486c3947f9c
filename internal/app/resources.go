package app

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/contexts"
	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/vagrant"
)

// The kinds of a Resource.
const (
	ResourceVM      = "vm"
	ResourceHost    = "external host"
	ResourceAgent   = "agent"
	ResourceSocket  = "socket"
	ResourceContext = "docker context"
	ResourceSSH     = "ssh-config block"
	ResourceFiles   = "private files"
	ResourceMarker  = "marker"
	ResourceData    = "docker data"
	ResourceBox     = "box"
	ResourceImage   = "image"
)

// Resource is one thing that fbdock has left on this host.
type Resource struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Project and Machine that it belongs to; "" where all share it, or where
	// the one that it belonged to is gone.
	Project string `json:"project,omitempty"`
	Machine string `json:"machine,omitempty"`
	// Shared tells that it stays when a project is destroyed.
	Shared bool `json:"shared,omitempty"`
}

// Resources are all things that fbdock has left on this host. It makes no
// entries in what the system starts by itself.
func Resources(ctx context.Context, o project.Options) ([]Resource, error) {
	projects, err := Projects(ctx, o)
	if err != nil {
		return nil, err
	}
	var all []Resource
	owners := map[string][2]string{} // of instances: project, machine
	folders := map[string]string{}   // of projects
	for _, one := range projects {
		p, err := bare(o, one.ID)
		if err != nil {
			return nil, err
		}
		folders[one.ID] = one.Folder
		all = append(all, Resource{Kind: ResourceFiles, Name: one.Directory, Project: one.ID})
		disks, err := dataDisks(p.State)
		if err != nil {
			return nil, err
		}
		for _, file := range disks {
			all = append(all, Resource{Kind: ResourceData, Name: file, Project: one.ID, Machine: strings.TrimSuffix(filepath.Base(file), ".qcow2")})
		}
		if host.Exists(filepath.Join(p.State.Marker(), "id")) && one.Place == PlaceHere {
			all = append(all, Resource{Kind: ResourceMarker, Name: p.State.Marker(), Project: one.ID})
		}
		for _, m := range one.Machines {
			owners[m.Instance] = [2]string{one.ID, m.Name}
			all = append(all, machineResources(p, m)...)
		}
	}
	contexts, err := contextResources(o, owners)
	if err != nil {
		return nil, err
	}
	all = append(all, contexts...)
	all = append(all, sshResources(o, folders)...)
	return append(all, sharedResources(o)...), nil
}

// bare is a project of which only the files are wanted.
func bare(o project.Options, id string) (*project.Project, error) {
	store, err := o.Store()
	if err != nil {
		return nil, err
	}
	d, err := store.OpenID(id)
	return &project.Project{Options: o, State: d, Dir: d.Folder()}, err
}

func machineResources(p *project.Project, m KeptMachine) []Resource {
	var all []Resource
	add := func(kind, name string) {
		all = append(all, Resource{Kind: kind, Name: name, Project: p.State.Record().ID, Machine: m.Name})
	}
	if m.VM {
		add(ResourceVM, m.Instance+" of "+m.Provider)
	}
	if m.Host != "" {
		add(ResourceHost, m.Host)
	}
	if m.Agent != 0 {
		add(ResourceAgent, "process "+strconv.Itoa(m.Agent))
	}
	sockets, err := p.On(plan.Machine{Name: m.Name}).Sockets()
	for _, address := range sockets {
		if err == nil && host.Exists(address) {
			add(ResourceSocket, address)
		}
	}
	return all
}

// contextResources are the docker contexts whose name is one of fbdock's, also
// of machines that nothing is known of any more.
func contextResources(o project.Options, owners map[string][2]string) ([]Resource, error) {
	store, err := contexts.Store(o.Env)
	if err != nil {
		return nil, err
	}
	names, err := store.Names()
	if err != nil {
		return nil, err
	}
	var all []Resource
	for _, name := range names {
		if owner, ok := owners[contexts.Instance(name)]; ok {
			all = append(all, Resource{Kind: ResourceContext, Name: name, Project: owner[0], Machine: owner[1]})
		} else if strings.HasPrefix(name, "fbdock-") {
			all = append(all, Resource{Kind: ResourceContext, Name: name})
		}
	}
	return all, nil
}

// sshResources are the blocks of the user's ssh_config that lead through
// fbdock. They are the user's to remove: fbdock did not put them there.
func sshResources(o project.Options, folders map[string]string) []Resource {
	home, ok := o.Home()
	if !ok {
		return nil
	}
	files := []string{filepath.Join(home, ".ssh", "config")}
	if more, err := filepath.Glob(filepath.Join(home, ".ssh", "config.d", "*")); err == nil {
		files = append(files, more...)
	}
	var all []Resource
	for _, file := range files {
		text, err := hostfile.ReadNow(file, hostfile.MaxConfig)
		if err != nil {
			continue
		}
		host, line := "", 0
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			line++
			key, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
			switch {
			case strings.EqualFold(key, "Host"):
				host = strings.TrimSpace(value)
			case strings.EqualFold(key, "ProxyCommand") && strings.Contains(value, machine.StdioCommand):
				r := Resource{Kind: ResourceSSH, Name: fmt.Sprintf("%s:%d Host %s", file, line, host)}
				for id, folder := range folders {
					if strings.Contains(value, folder) {
						r.Project = id
					}
				}
				all = append(all, r)
			}
		}
	}
	return all
}

// sharedResources are what all projects use: boxes and images.
func sharedResources(o project.Options) []Resource {
	var all []Resource
	if home, err := vagrant.Home(o.Lookup); err == nil {
		for _, name := range vagrant.BoxNames(home) {
			if images.IsOwnBox(name) {
				all = append(all, Resource{Kind: ResourceBox, Name: name, Shared: true})
			}
		}
	}
	dir := images.Cache(o.Env).Dir
	entries, err := os.ReadDir(dir)
	if err != nil {
		return all // there are none
	}
	for _, e := range entries {
		if !e.IsDir() {
			all = append(all, Resource{Kind: ResourceImage, Name: filepath.Join(dir, e.Name()), Shared: true})
		}
	}
	return all
}
