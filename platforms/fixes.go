package platforms

import (
	"slices"

	"github.com/fbdock/fbdock/platforms/hostshell"
)

func kvmModule(f Facts) string {
	switch {
	case f.KVM.Module != "":
		return f.KVM.Module
	case f.CPU.SVM || f.CPU.Vendor == "AMD":
		return "kvm_amd"
	}
	return "kvm_intel"
}

func loadKVM(f Facts) Remedy {
	if f.WSL {
		return Remedy{
			Text:     `write "nestedVirtualization=true" under "[wsl2]" in .wslconfig of your Windows home (Windows 11), then restart WSL`,
			Commands: []string{"wsl.exe --shutdown"},
			Or:       []string{"use fbdock for Windows, in a terminal of Windows"},
		}
	}
	return commands("sudo modprobe " + kvmModule(f))
}

// repairKVM is for a /dev/kvm that can be opened and makes no VM. The node is
// there without a driver where systemd made it for a module that does not load,
// and in containers that made it for themselves (ENODEV, ENXIO). VMX is in
// another hypervisor's hands (EBUSY) while VirtualBox or VMware runs a VM.
func repairKVM(f Facts) Remedy {
	switch f.KVM.Errno {
	case "ENODEV", "ENXIO":
		// The module does not load where the processor has nothing for it.
		if refused, outer := processorRefuses(f); outer && f.Arch == "amd64" {
			return refused.fix
		}
		r := loadKVM(f)
		r.Or = append(r.Or, "in a container: load it on the host, and start the container with --device /dev/kvm")
		return r
	case "EBUSY":
		return Remedy{
			Text:     "stop the virtual machines of VirtualBox or VMware, which have the processor's virtualization; this shows their modules",
			Commands: []string{"lsmod | grep -E 'vboxdrv|vmmon'"},
		}
	}
	return Remedy{Text: "the kernel says more", Commands: []string{"sudo dmesg | grep -i kvm"}}
}

func permitKVM(f Facts) Remedy {
	if f.CI != "" {
		return commands(
			`echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' | sudo tee /etc/udev/rules.d/99-fbdock-kvm.rules`,
			"sudo udevadm control --reload-rules", "sudo udevadm trigger --name-match=kvm",
		)
	}
	return Remedy{Text: "then log in again", Commands: []string{"sudo usermod -aG kvm $USER"}}
}

func nestKVM(f Facts) Remedy {
	m := kvmModule(f)
	return Remedy{
		Text: "with no VM running",
		Commands: []string{
			"echo 'options " + m + " nested=1' | sudo tee /etc/modprobe.d/fbdock-kvm.conf",
			"sudo modprobe -r " + m, "sudo modprobe " + m,
		},
	}
}

func unloadKVM(f Facts) Remedy {
	return Remedy{
		Text:     "until the next restart",
		Commands: []string{"sudo modprobe -r " + kvmModule(f)},
		Or:       []string{"boot with kvm.enable_virt_at_load=0 on the kernel's command line", "use libvirt, which needs none of this"},
	}
}

// hyperVOff switches Windows' hypervisor off, and says what goes with it.
func hyperVOff(f Facts) Remedy {
	r := Remedy{
		Text:     "switch Hyper-V off and restart; WSL2, Docker Desktop and Windows Sandbox stop until `bcdedit /set hypervisorlaunchtype auto`",
		Commands: []string{windowsCommand(f, "bcdedit", "/set", "hypervisorlaunchtype", "off")},
		Admin:    true,
	}
	if f.Windows.MemoryIntegrity {
		r.Text += "; Memory integrity, a protection of Windows, goes off with it"
		r.Commands = append(r.Commands, windowsCommand(f, "reg", "add",
			`HKLM\SYSTEM\CurrentControlSet\Control\DeviceGuard\Scenarios\HypervisorEnforcedCodeIntegrity`,
			"/v", "Enabled", "/t", "REG_DWORD", "/d", "0", "/f"))
	}
	return r
}

// windowsCommand writes a command of Windows in the user's shell. Git Bash
// would take its /switches for paths.
func windowsCommand(f Facts, args ...string) string {
	shell := f.Shell
	if shell == "" {
		shell = hostshell.PowerShell
	}
	line, err := hostshell.Quote(shell, args...)
	if err != nil {
		// The commands are fixed here: none holds what cannot be quoted.
		panic(err)
	}
	if shell == hostshell.POSIX {
		return "MSYS_NO_PATHCONV=1 " + line
	}
	return line
}

func apt(f Facts) bool {
	return slices.Contains([]string{"debian", "ubuntu", "linuxmint", "pop", "raspbian", "kali"}, f.OSName)
}

// packages installs by the system's own means, "" in a list meaning that it
// has no such package.
func packages(f Facts, debian, fedora, arch, otherwise string) Remedy {
	switch {
	case apt(f) && debian != "":
		return commands("sudo apt-get install -y " + debian)
	case slices.Contains([]string{"fedora", "rhel", "centos", "rocky", "almalinux"}, f.OSName) && fedora != "":
		return commands("sudo dnf install -y " + fedora)
	case slices.Contains([]string{"arch", "manjaro", "endeavouros"}, f.OSName) && arch != "":
		return commands("sudo pacman -S --needed " + arch)
	}
	return words(otherwise)
}

const vagrantPage = "https://developer.hashicorp.com/vagrant/install"

func installVagrant(f Facts) Remedy {
	switch f.OS {
	case "windows":
		return Remedy{Text: "then open a new terminal", Commands: []string{windowsCommand(f, "winget", "install", "--id", "Hashicorp.Vagrant", "--exact")}}
	case "darwin":
		return commands("brew install --cask hashicorp/tap/hashicorp-vagrant")
	}
	if f.OSName != "debian" {
		return words("install Vagrant: " + vagrantPage)
	}
	return commands("sudo apt-get install -y vagrant")
}

// updateVagrant goes by HashiCorp's page: distributions keep old ones.
func updateVagrant(f Facts, least string) Remedy {
	text := "update Vagrant to " + least + " or newer"
	switch f.OS {
	case "windows":
		return Remedy{Text: text, Commands: []string{windowsCommand(f, "winget", "upgrade", "--id", "Hashicorp.Vagrant", "--exact")}}
	case "darwin":
		return Remedy{Text: text, Commands: []string{"brew upgrade --cask hashicorp-vagrant"}}
	}
	return words(text + ": " + vagrantPage)
}

func installPlugin(f Facts, name string) Remedy {
	// Debian's Vagrant brings its plugins as packages; gems would want a compiler.
	if name == "vagrant-libvirt" && apt(f) && older(f.Vagrant.Version, "2.4") {
		return commands("sudo apt-get install -y vagrant-libvirt")
	}
	return commands("vagrant plugin install " + name)
}

func installVirtualBox(f Facts) Remedy {
	switch f.OS {
	case "windows":
		return commands(windowsCommand(f, "winget", "install", "--id", "Oracle.VirtualBox", "--exact"))
	case "darwin":
		return commands("brew install --cask virtualbox")
	}
	return words("install VirtualBox 7.2 from https://www.virtualbox.org/wiki/Linux_Downloads")
}

func installVMwareUtility(f Facts) Remedy {
	if f.OS == "darwin" {
		return commands("brew install --cask vagrant-vmware-utility")
	}
	return words("install the Vagrant VMware Utility: https://developer.hashicorp.com/vagrant/install/vmware")
}

func installLibvirt(f Facts) Remedy {
	return packages(f, "libvirt-daemon-system qemu-system-x86 qemu-utils", "@virtualization", "libvirt qemu-desktop dnsmasq",
		"install libvirt and QEMU by your system's means")
}

func installQEMU(f Facts) Remedy {
	switch f.OS {
	case "windows":
		return words("install QEMU from https://www.qemu.org/download/#windows")
	case "darwin":
		return commands("brew install qemu")
	}
	return packages(f, "qemu-system-x86 qemu-utils", "qemu-system-x86 qemu-img", "qemu-desktop", "install QEMU by your system's means")
}
