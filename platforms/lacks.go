package platforms

// lacks says what stands between the provider and its use.
func lacks(f Facts, provider string) (missing []string, install Remedy) {
	need := func(ok bool, part string, way Remedy) {
		if !ok {
			missing, install = append(missing, part), install.and(way)
		}
	}
	program := func(name, title string, way Remedy) { need(f.Programs[name].Found(), title, way) }
	plugin := func(name string) {
		_, ok := f.Plugins[name]
		need(ok, "Vagrant's plugin "+name, installPlugin(f, name))
	}
	switch provider {
	case "virtualbox":
		program("virtualbox", "VirtualBox", installVirtualBox(f))
		known, tooNew := tooNewVirtualBox(f)
		need(!tooNew, "a Vagrant that knows VirtualBox "+f.Programs["virtualbox"].Version+" ("+f.Vagrant.Version+" knows those up to "+known+")",
			matchVirtualBox(f, known))
	case "vmware_desktop":
		program("vmware", "VMware Workstation or Fusion", words("install VMware Workstation or Fusion from https://support.broadcom.com"))
		program("vmware_utility", "the Vagrant VMware Utility", installVMwareUtility(f))
		plugin("vagrant-vmware-desktop")
	case "libvirt":
		program("libvirt", "libvirt", installLibvirt(f))
		plugin("vagrant-libvirt")
		need(!f.LibvirtDenied, "the right to use libvirt", Remedy{
			Text: "then log in again", Commands: []string{"sudo usermod -aG libvirt $USER"},
		})
	case "qemu":
		program("qemu", "QEMU", installQEMU(f))
		plugin("vagrant-qemu")
	case "hyperv":
		need(f.Windows.VMMS, "Hyper-V", Remedy{
			Text: "Windows Pro, Enterprise or Education only; then restart", Admin: true,
			Commands: []string{windowsCommand(f, "dism.exe", "/Online", "/Enable-Feature", "/All", "/FeatureName:Microsoft-Hyper-V")},
		})
		if f.Windows.VMMS {
			need(f.Windows.Admin, "administrator's rights", words("start the terminal as administrator"))
		}
	case "parallels":
		program("parallels", "Parallels Desktop", words("install Parallels Desktop Pro from https://www.parallels.com"))
		plugin("vagrant-parallels")
	case "utm":
		program("utm", "UTM", commands("brew install --cask utm"))
		plugin("vagrant_utm")
	}
	return missing, install
}

// matchVirtualBox is how to get a Vagrant and a VirtualBox that it knows.
func matchVirtualBox(f Facts, known string) Remedy {
	if v := vagrantFor(f.Programs["virtualbox"].Version); v != "" {
		return updateVagrant(f, v)
	}
	return words("install VirtualBox " + known + " in place of it, until a Vagrant knows it")
}
