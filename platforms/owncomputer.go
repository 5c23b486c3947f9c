package platforms

// The providers that are FreeBSD computers of the user's own; Vagrant has no
// part in them.
const (
	providerNative = "native" // the one that fbdock runs on
	providerSSH    = "ssh"    // one that is reached by SSH
)

// bhyveHere judges a host that runs FreeBSD itself.
func bhyveHere(f Facts) nesting {
	if f.Arch != "amd64" {
		return perhaps("bhyve on this processor is not known until its module is loaded")
	}
	if n, decided := processorRefuses(f); decided {
		return n
	}
	if f.CPU.Hypervisor != "" {
		return perhaps("bhyve runs where the hypervisor of this virtual machine (" + f.CPU.Hypervisor + ") supports nesting")
	}
	if !f.CPU.VMX && !f.CPU.SVM {
		return perhaps("what this processor can do is not known")
	}
	return nesting{verdict: Works, reason: "bhyve runs on this computer itself"}
}

// ownComputer tells whether the machine is a computer of the user's own.
func (d *doctor) ownComputer() bool {
	return d.choice.Provider == providerNative || d.choice.Provider == providerSSH
}

// remote is the little that this computer has to be for an engine elsewhere.
func (d *doctor) remote() {
	d.identity()
	d.pass("provider", "ssh, a FreeBSD computer of your own")
	d.skip("bhyve", "`fbdock up` looks at that computer, and asks before it changes anything there")
	d.surroundings()
}
