// Package placement has the places of an engine, and which of them `up` makes
// with a provider.
package placement

// The places of an engine.
const (
	Nested  = "nested"  // a VM in the FreeBSD guest, under bhyve
	Sibling = "sibling" // a VM of the same provider beside the FreeBSD guest
)

// MakesSibling tells whether `up` makes an engine beside FreeBSD with a provider.
func MakesSibling(provider string) bool { return NoSibling(provider) == "" }

// NoSibling is the reason why `up` makes none with a provider, "" where it does.
func NoSibling(provider string) string {
	switch provider {
	case "libvirt", "qemu", "virtualbox", "vmware_desktop", "hyperv", "utm", "docker": // docker's VM runs in a second container
		return ""
	case "parallels":
		return "there is no box of Alpine for Parallels, whose format of machines has no published specification"
	}
	return "the provider " + provider + " makes no engine beside FreeBSD"
}

// Network tells whether Vagrant makes a network between FreeBSD and an engine
// beside it with a provider. Where it makes none, and where that is not known,
// FreeBSD reaches the engine by the connections of the agent.
func Network(provider string) bool {
	switch provider {
	case "libvirt", "qemu", "virtualbox", "vmware_desktop", "parallels", "docker":
		return true
	}
	return false
}

// Emulates tells whether a provider can emulate the processor of its VMs.
func Emulates(provider string) bool { return provider == "libvirt" || provider == "qemu" }
