// Package placement has the places of an engine, and which of them `up` makes
// with a provider.
package placement

// The places of an engine.
const (
	Nested  = "nested"  // a VM in the FreeBSD guest, under bhyve
	Sibling = "sibling" // a VM of the same provider beside the FreeBSD guest
)

// MakesSibling tells whether `up` makes an engine beside FreeBSD with a provider.
func MakesSibling(provider string) bool { return provider == "libvirt" || provider == "qemu" }

// NoSibling is the reason why `up` makes none with a provider.
func NoSibling(provider string) string {
	return "`fbdock up` makes an engine beside FreeBSD with libvirt and qemu, and not with " + provider + " yet"
}
