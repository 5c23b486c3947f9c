package hcl

// podmanSchema is the block that asks for containers of FreeBSD itself.
func podmanSchema() Block {
	return Block{
		Name: "podman",
		Doc: "Podman in the FreeBSD guest, for containers of FreeBSD itself: `podman {}` installs it, and `fbdock podman` runs it. " +
			"Without the block it is not installed. FreeBSD's port calls it experimental.",
	}
}
