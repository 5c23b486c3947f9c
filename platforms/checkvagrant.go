package platforms

import "slices"

// vagrant checks the one program that all providers need.
func (d *doctor) vagrant() {
	v := d.Vagrant
	switch {
	case d.choice.Provider == providerNative:
		d.skip("vagrant", "not needed: FreeBSD is here")
	case !v.Found():
		d.fail("vagrant", "not found", "Vagrant makes and starts the FreeBSD guest", installVagrant(d.Facts))
	case v.Version == "" && v.Problem != "":
		d.fail("vagrant", "found, but it gives no version: "+v.Problem, "a Vagrant that cannot say its version can do nothing else",
			Remedy{Text: "see what it says", Commands: []string{"vagrant --version"}})
	case v.Version == "":
		d.pass("vagrant", "found, not asked for its version")
	case older(v.Version, VagrantFloor):
		d.fail("vagrant", v.Version, "the Vagrantfile is written for "+VagrantFloor+" and newer", updateVagrant(d.Facts, VagrantFloor))
	case leadingNumber(v.Version) == VagrantNoPlugins:
		d.noPlugins()
	case d.Arch == "arm64" && older(v.Version, vagrantArchitectures) && !d.laboratory():
		d.fail("vagrant", v.Version, "it does not tell architectures apart and takes the box for Intel, which does not start here",
			updateVagrant(d.Facts, vagrantArchitectures))
	case d.want.ForeignBox && older(v.Version, vagrantArchitectures) && !d.laboratory():
		fix := updateVagrant(d.Facts, vagrantArchitectures)
		fix.Or = append(slices.Clone(fix.Or), `leave box out, or set it to "freebsd-15": fbdock makes that box itself`)
		d.fail("vagrant", v.Version, "before "+vagrantArchitectures+" it does not tell a box's architectures apart and asks a registry that it was not made for: "+
			"it is used with boxes of fbdock's own alone", fix)
	default:
		d.pass("vagrant", v.Version)
	}
}

// noPlugins is about Vagrant 2.4.2: what comes without a plugin works.
func (d *doctor) noPlugins() {
	why := "this version cannot install plugins (hashicorp/vagrant#13534)"
	if plugin(d.choice.Provider) == "" {
		d.warn("vagrant", d.Vagrant.Version, why+"; "+d.choice.Provider+" needs none", updateVagrant(d.Facts, VagrantPlugins))
		return
	}
	d.fail("vagrant", d.Vagrant.Version, why+", and "+d.choice.Provider+" needs one", updateVagrant(d.Facts, VagrantPlugins))
}

// plugin of Vagrant that a provider comes as, "" when it is built in.
func plugin(provider string) string {
	return map[string]string{
		"libvirt": "vagrant-libvirt", "qemu": "vagrant-qemu", "vmware_desktop": "vagrant-vmware-desktop",
		"parallels": "vagrant-parallels", "utm": "vagrant_utm",
	}[provider]
}
