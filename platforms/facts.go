// Package platforms knows this host: its system, processor, hypervisors
// and Vagrant, which of them can nest bhyve, and how its paths are called in
// the guests. It never starts a VM, never needs root, and changes nothing.
//
// Facts are plain data, read from injected sources: each host can be
// recorded as JSON and tested anywhere.
package platforms

import (
	"net/netip"

	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/platforms/hostshell"
)

// Facts is what is known of one host.
type Facts struct {
	OS        string `json:"os"`                   // as runtime.GOOS
	OSVersion string `json:"os_version,omitempty"` // as its maker counts: 15.7, 10.0.22631, 12
	OSName    string `json:"os_name,omitempty"`
	Kernel    string `json:"kernel,omitempty"` // Linux only
	// Arch in Vagrant's words: amd64, arm64. It is the machine's, also when
	// fbdock runs under Rosetta.
	Arch     string  `json:"arch"`
	Rosetta  bool    `json:"rosetta,omitempty"`
	WSL      bool    `json:"wsl,omitempty"` // fbdock runs within it
	CI       string  `json:"ci,omitempty"`
	CPU      CPU     `json:"cpu"`
	Memory   uint64  `json:"memory,omitempty"` // bytes, 0 when unknown
	FreeDisk uint64  `json:"free_disk,omitempty"`
	KVM      KVM     `json:"kvm"`
	Windows  Windows `json:"windows"`
	Vagrant  Program `json:"vagrant"`
	// Programs that belong to providers, by the names of probes.
	Programs map[string]Program `json:"programs,omitempty"`
	// Plugins of Vagrant and their versions, "" when unknown.
	Plugins map[string]string `json:"plugins,omitempty"`
	// Networks that this host reaches without its default route.
	Networks []netip.Prefix `json:"networks,omitempty"`
	// LibvirtDenied: libvirt's socket is there and not for this user.
	LibvirtDenied bool `json:"libvirt_denied,omitempty"`
	// Shell that commands are printed for.
	Shell hostshell.Shell `json:"shell,omitempty"`
	// Variables names those that are set and change what Vagrant or docker
	// do; never their values.
	Variables []string `json:"variables,omitempty"`
	// AwkwardHome says what in the home folder's path tools stumble over:
	// "spaces", "non-ascii", "percent".
	AwkwardHome []string     `json:"awkward_home,omitempty"`
	Proxy       redact.Proxy `json:"proxy"`
	// Unread says what could not be read and why: it is unknown, not absent.
	Unread []string `json:"unread,omitempty"`
}

// CPU is the processor as CPUID and the system tell it.
type CPU struct {
	Vendor string `json:"vendor,omitempty"` // Intel, AMD, Apple ...
	Brand  string `json:"brand,omitempty"`
	Count  int    `json:"count,omitempty"`
	VMX    bool   `json:"vmx,omitempty"`
	SVM    bool   `json:"svm,omitempty"`
	// Hypervisor is who runs this host, "" when nobody does. Windows with
	// Hyper-V on runs under it itself: Microsoft.
	Hypervisor string `json:"hypervisor,omitempty"`
	// Apple is the generation of an Apple chip: 3 for an M3.
	Apple int `json:"apple,omitempty"`
}

// KVM on Linux.
type KVM struct {
	Present bool `json:"present,omitempty"` // /dev/kvm is there
	Usable  bool `json:"usable,omitempty"`  // this user may open it, and it makes VMs
	// Problem is why /dev/kvm, which this user may open, makes no VM: the call
	// that failed and its error, which Errno names: ENODEV.
	Problem string `json:"problem,omitempty"`
	Errno   string `json:"errno,omitempty"`
	// Module is kvm_intel or kvm_amd; Nested its parameter.
	Module string `json:"module,omitempty"`
	Nested bool   `json:"nested,omitempty"`
}

// Windows is what only Windows has.
type Windows struct {
	// HyperV: the hypervisor runs, for whatever reason.
	HyperV bool `json:"hyperv,omitempty"`
	// VMMS: the service that makes VMs is there, which is what the
	// provider needs.
	VMMS            bool `json:"vmms,omitempty"`
	VBS             bool `json:"vbs,omitempty"`
	MemoryIntegrity bool `json:"memory_integrity,omitempty"`
	WSL2            bool `json:"wsl2,omitempty"`
	Admin           bool `json:"admin,omitempty"`
	Server          bool `json:"server,omitempty"`
}

// Program is one that was looked for.
type Program struct {
	Path    string `json:"path,omitempty"`
	Version string `json:"version,omitempty"` // "" when not asked or not understood
	Edition string `json:"edition,omitempty"` // of Parallels
	// Problem is why it gave no answer.
	Problem string `json:"problem,omitempty"`
}

// Found tells whether the program is there.
func (p Program) Found() bool { return p.Path != "" }
