package platforms

import (
	"context"
	"regexp"
	"strings"
	"sync"
)

// probe is a program that a provider needs, and how to ask its version.
type probe struct {
	name string
	// programs are looked for on PATH, then paths in their order.
	programs []string
	paths    []string
	args     []string // nil: not asked
	version  *regexp.Regexp
}

func number(before string) *regexp.Regexp {
	return regexp.MustCompile(before + `(\d+(?:\.\d+){1,3})`)
}

// probes of an operating system.
func probes(goos string) []probe {
	all := []probe{
		{name: "vagrant", programs: []string{"vagrant"}, args: []string{"--version"}, version: number(`Vagrant `)},
		{name: "virtualbox", programs: []string{"VBoxManage"}, args: []string{"--version"}, version: number(`(?m)^`)},
		{name: "qemu", programs: []string{"qemu-system-x86_64", "qemu-system-aarch64"}, args: []string{"--version"}, version: number(`version `)},
	}
	switch goos {
	case "windows":
		all[0].paths = []string{`C:\Program Files\Vagrant\bin\vagrant.exe`, `C:\HashiCorp\Vagrant\bin\vagrant.exe`}
		all[1].paths = []string{`C:\Program Files\Oracle\VirtualBox\VBoxManage.exe`}
		all[2].paths = []string{`C:\Program Files\qemu\qemu-system-x86_64.exe`}
		return append(all,
			probe{name: "vmware", programs: []string{"vmrun"}, paths: []string{
				`C:\Program Files (x86)\VMware\VMware Workstation\vmrun.exe`, `C:\Program Files\VMware\VMware Workstation\vmrun.exe`,
			}},
			probe{name: "vmware_utility", paths: []string{
				`C:\Program Files\VagrantVMwareUtility\vagrant-vmware-utility.exe`, `C:\HashiCorp\vagrant-vmware-desktop\bin\vagrant-vmware-utility.exe`,
			}, args: []string{"--version"}, version: number(``)},
		)
	case "darwin":
		all[1].paths = []string{"/usr/local/bin/VBoxManage", "/Applications/VirtualBox.app/Contents/MacOS/VBoxManage"}
		all[2].paths = []string{"/opt/homebrew/bin/qemu-system-aarch64", "/usr/local/bin/qemu-system-x86_64"}
		return append(all,
			probe{name: "vmware", paths: []string{"/Applications/VMware Fusion.app/Contents/Library/vmrun", "/Applications/VMware Fusion.app/Contents/Public/vmrun"}},
			probe{name: "vmware_utility", paths: []string{"/opt/vagrant-vmware-desktop/bin/vagrant-vmware-utility"}, args: []string{"--version"}, version: number(``)},
			probe{name: "parallels", programs: []string{"prlctl"}, paths: []string{"/usr/local/bin/prlctl"}, args: []string{"--version"}, version: number(`version `)},
			probe{name: "utm", programs: []string{"utmctl"}, paths: []string{"/Applications/UTM.app/Contents/MacOS/utmctl"}},
		)
	default:
		return append(all,
			probe{name: "vmware", programs: []string{"vmrun"}},
			probe{name: "vmware_utility", paths: []string{"/opt/vagrant-vmware-desktop/bin/vagrant-vmware-utility"}, args: []string{"--version"}, version: number(``)},
			probe{name: "libvirt", programs: []string{"libvirtd", "virtqemud", "virsh"}, paths: []string{"/usr/sbin/libvirtd", "/usr/sbin/virtqemud"}, args: []string{"--version"}, version: number(``)},
		)
	}
}

// programs looks for all probes, and asks those found at the same time.
func (s Sources) programs(ctx context.Context, f *Facts) {
	list := probes(s.OS)
	found := make([]Program, len(list))
	var wg sync.WaitGroup
	for i, p := range list {
		found[i].Path = s.find(p)
		if found[i].Path == "" || s.Run == nil || p.args == nil {
			continue
		}
		wg.Go(func() { s.ask(ctx, p, &found[i]) })
	}
	wg.Wait()
	for i, p := range list {
		switch {
		case p.name == "vagrant":
			f.Vagrant = found[i]
		case found[i].Found():
			f.Programs[p.name] = found[i]
		}
	}
	s.extras(ctx, f)
}

func (s Sources) find(p probe) string {
	for _, name := range p.programs {
		if path, err := s.LookPath(name); err == nil {
			return path
		}
	}
	for _, path := range p.paths {
		if s.Exists(path) {
			return path
		}
	}
	return ""
}

func (s Sources) ask(ctx context.Context, p probe, found *Program) {
	out, err := s.Run(ctx, found.Path, p.args...)
	if m := p.version.FindStringSubmatch(out); m != nil {
		found.Version = m[1]
		return
	}
	if err != nil {
		found.Problem = err.Error()
	} else {
		found.Problem = "its answer is not understood"
	}
}

// extras are the answers of another kind: bundles of macOS and licences.
func (s Sources) extras(ctx context.Context, f *Facts) {
	if s.OS != "darwin" || s.Run == nil {
		return
	}
	for name, bundle := range map[string]string{"vmware": "/Applications/VMware Fusion.app", "utm": "/Applications/UTM.app"} {
		p, ok := f.Programs[name]
		if !ok {
			continue
		}
		out, err := s.Run(ctx, "/usr/bin/defaults", "read", bundle+"/Contents/Info", "CFBundleShortVersionString")
		if err == nil {
			p.Version = strings.TrimSpace(out)
			f.Programs[name] = p
		}
	}
	if p, ok := f.Programs["parallels"]; ok {
		out, err := s.Run(ctx, "prlsrvctl", "info", "--license")
		if m := regexp.MustCompile(`(?i)edition="?([a-z]+)`).FindStringSubmatch(out); err == nil && m != nil {
			p.Edition = strings.ToLower(m[1])
			f.Programs["parallels"] = p
		}
	}
}
