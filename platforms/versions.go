package platforms

import (
	"strings"

	version "github.com/hashicorp/go-version"
)

const (
	// VagrantFloor is what Debian 12 ships, the oldest that the Vagrantfile is
	// written for and tested with.
	VagrantFloor = "2.3.4"
	// VagrantNoPlugins cannot install plugins (hashicorp/vagrant#13534).
	VagrantNoPlugins = "2.4.2"
	// VagrantPlugins is the first after it that can.
	VagrantPlugins = "2.4.3"
	// vagrantArchitectures is the first that tells a box's architectures apart.
	vagrantArchitectures = "2.4.0"
	// virtualBoxFloor is the first that supports nested EPT.
	virtualBoxFloor = "7.0"
	// virtualBoxSharesKVM is the first that can take the processor's
	// virtualization over from KVM (VirtualBox/virtualbox#711).
	virtualBoxSharesKVM = "7.2.10"
	// kernelKeepsVT is the first Linux whose KVM takes the processor when it
	// is loaded, not when it runs a VM (VirtualBox/virtualbox#188).
	kernelKeepsVT = "6.12"
	// qemuNestingOnApple and macOSNesting are the first of their kind.
	qemuNestingOnApple = "11.1"
	macOSNesting       = "26"
)

// vtnetFreezes tells of a VirtualBox in which FreeBSD stands still as soon
// as a virtio network card comes up (VirtualBox/virtualbox#563).
func vtnetFreezes(virtualBox string) bool {
	v := leadingNumber(virtualBox)
	return v == "7.1.16" || v == "7.2.6"
}

// vagrantKnows is the newest VirtualBox that a Vagrant has a driver for, ""
// when that is not known here: Vagrant refuses all newer ones.
func vagrantKnows(vagrant string) string {
	known := []struct{ vagrant, virtualBox string }{
		{"2.4.9", "7.2"}, {"2.4.2", "7.1"}, {"2.3.2", "7.0"},
	}
	if vagrant == "" || !older(vagrant, "2.4.10") {
		return ""
	}
	for _, k := range known {
		if !older(vagrant, k.vagrant) {
			return k.virtualBox
		}
	}
	return ""
}

// vagrantFor is the first Vagrant that knows a VirtualBox, "" when none does
// that is known here.
func vagrantFor(virtualBox string) string {
	switch series(virtualBox) {
	case "7.2":
		return "2.4.9"
	case "7.1":
		return "2.4.3"
	}
	return ""
}

// series is major and minor of a version.
func series(v string) string {
	parts := strings.SplitN(leadingNumber(v), ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// tooNewVirtualBox tells whether Vagrant refuses this VirtualBox as too new.
func tooNewVirtualBox(f Facts) (known string, yes bool) {
	have := f.Programs["virtualbox"].Version
	known = vagrantKnows(f.Vagrant.Version)
	if have == "" || known == "" {
		return known, false
	}
	return known, older(known, series(have))
}

// older compares versions; one that is not known is not older.
func older(have, than string) bool {
	v, err := version.NewVersion(leadingNumber(have))
	if err != nil {
		return false
	}
	w, err := version.NewVersion(leadingNumber(than))
	return err == nil && v.LessThan(w)
}

// leadingNumber cuts what distributions add: 6.12.0-arm64, 7.2.4r170995.
func leadingNumber(s string) string {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && s[i] != '.' {
			return strings.TrimRight(s[:i], ".")
		}
	}
	return s
}
