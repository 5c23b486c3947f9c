package platforms

import (
	"fmt"
	"strings"
)

const (
	gibibyte = 1 << 30
	// usualMemory is the guest's when nothing else is wanted.
	usualMemory = 4 * gibibyte
	// usualSibling is that of FreeBSD and of the engine beside it.
	usualSibling = 3 * gibibyte
	// roomForSystem is what the host's own system and programs should keep.
	roomForSystem = 2 * gibibyte
	// leastDisk holds a box, its copy and an engine image; roomyDisk leaves
	// the machine's disks room to grow.
	leastDisk = 8 * gibibyte
	roomyDisk = 25 * gibibyte
)

// computer checks what is soldered in, and the build of fbdock.
func (d *doctor) computer() {
	d.identity()
	if d.Rosetta {
		d.warn("fbdock", "this fbdock is built for Intel and runs under Rosetta",
			"it starts slower, and programs that it starts may take this Mac for an Intel one",
			words("install the arm64 build of fbdock"))
	}
	d.processor()
	d.memory()
	d.disk()
}

func (d *doctor) identity() {
	system := map[string]string{"windows": "Windows", "darwin": "macOS", "linux": "Linux", "freebsd": "FreeBSD"}[d.OS]
	if system == "" {
		system = d.OS
	}
	switch {
	case d.Windows.Server:
		system += " Server"
	case d.OS == "windows" && d.OSVersion != "" && older(d.OSVersion, "10.0.22000"):
		system += " 10"
	case d.OS == "windows" && d.OSVersion != "":
		system += " 11"
	}
	seen := strings.Join(strings.Fields(system+" "+d.OSName+" "+d.OSVersion), " ") + ", " + d.Arch
	if d.Kernel != "" {
		seen += ", kernel " + d.Kernel
	}
	if d.CI != "" {
		seen += ", " + d.CI
	}
	if len(d.ranking) == 0 && !d.laboratory() && d.choice.Provider != providerSSH {
		d.fail("computer", seen, "fbdock knows no provider of Vagrant on this system",
			words("run fbdock on Linux, Windows, macOS or FreeBSD; or use a FreeBSD computer of yours: "+hostLine))
		return
	}
	d.pass("computer", seen)
}

func (d *doctor) processor() {
	seen := d.CPU.Brand
	if seen == "" {
		seen = d.CPU.Vendor
	}
	if seen == "" {
		seen = "unknown"
	}
	if d.CPU.Count > 0 {
		seen += fmt.Sprintf(", %d CPUs", d.CPU.Count)
	}
	switch {
	case d.CPU.VMX:
		seen += ", VT-x"
	case d.CPU.SVM:
		seen += ", AMD-V"
	}
	if d.CPU.Hypervisor != "" && !d.Windows.HyperV {
		seen += ", itself a virtual machine under " + d.CPU.Hypervisor
	}
	if d.Arch == "amd64" && d.CPU.Count == 1 {
		d.warn("processor", seen, "the FreeBSD guest, the engine and this system share one CPU", Remedy{})
		return
	}
	d.pass("processor", seen)
}

func (d *doctor) memory() {
	want, who, usual := d.want.Memory, "the guest takes", uint64(usualMemory)
	fix := words(`set memory to less in fbdock.hcl; the engine's memory and 1.5GiB are the least`)
	if d.ownComputer() {
		who, fix = "the engine takes", words("give the engine less memory in fbdock.hcl; 2GiB are the least")
	}
	if d.placed == Sibling {
		who, usual, fix = "FreeBSD and the engine take", usualSibling, words("set memory, or memory in the engine block, to less in fbdock.hcl")
	}
	if want == 0 {
		want = usual
	}
	seen := fmt.Sprintf("%s, %s %s", size(d.Memory), who, size(want))
	switch {
	case d.Memory == 0:
		d.skip("memory", "not known")
	case d.Memory < want:
		d.fail("memory", seen, "a guest larger than the computer does not start, or takes it down", fix)
	case d.Memory < want+roomForSystem:
		d.warn("memory", seen, "what is left is too little for this system to stay quick", fix)
	default:
		d.pass("memory", seen)
	}
}

func (d *doctor) disk() {
	seen := size(d.FreeDisk) + " free"
	fix := words("free some space; VAGRANT_HOME and FBDOCK_CACHE_DIR can be on another disk")
	switch {
	case d.FreeDisk == 0:
		d.skip("disk", "not known")
	case d.FreeDisk < leastDisk:
		d.fail("disk", seen, "the box, its copy and the engine image need "+size(leastDisk), fix)
	case d.FreeDisk < roomyDisk:
		d.warn("disk", seen, "the machine's disks grow as they fill, and a guest whose disk cannot grow stops", fix)
	default:
		d.pass("disk", seen)
	}
}

func size(bytes uint64) string {
	return strings.Replace(fmt.Sprintf("%.1fGiB", float64(bytes)/gibibyte), ".0GiB", "GiB", 1)
}
