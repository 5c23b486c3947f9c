package plan

import (
	"cmp"
	"fmt"

	"github.com/fbdock/fbdock/hcl"
)

// cpus leaves the guest one CPU beside the engine's, as far as the host has them.
func (b *builder) cpus(e Engine) int {
	if b.in.CPUs != 0 {
		if b.in.CPUs < e.CPUs {
			b.report(hcl.Error, "cpus", fmt.Sprintf("set cpus to %d or more", e.CPUs), "too few CPUs",
				fmt.Sprintf("The machine has %d CPUs and its engine wants %d.", b.in.CPUs, e.CPUs))
		}
		return b.in.CPUs
	}
	cpus := max(4, e.CPUs+1)
	if e.CPUs == 0 {
		cpus = siblingCPUs
	}
	if b.host.CPUs > 0 {
		cpus = min(cpus, max(b.host.CPUs, e.CPUs))
	}
	return cpus
}

func (b *builder) memory(e Engine) hcl.Size {
	need := e.Memory + guestReserve
	if e.Memory == 0 {
		return b.besideEngine()
	}
	if b.in.Memory == 0 {
		return max(4*hcl.GiB, e.Memory+2*hcl.GiB)
	}
	if b.in.Memory < need {
		b.report(hcl.Error, "memory", fmt.Sprintf("set memory to %s or more, or give the engine less", need), "too little memory",
			fmt.Sprintf("The machine has %s, but its engine takes %s and FreeBSD needs %s beside it.", b.in.Memory, e.Memory, guestReserve))
	}
	return b.in.Memory
}

// storage gives the ARC half of what engine and FreeBSD leave, within the
// bounds that OpenZFS accepts.
func (b *builder) storage(memory, engine hcl.Size) Storage {
	in := b.in.Storage
	s := Storage{Pool: cmp.Or(in.Pool, "auto"), Compression: cmp.Or(in.Compression, "lz4"), ARCMax: in.ARCMax}
	if s.ARCMax == 0 {
		s.ARCMax = 256 * hcl.MiB
		if free := memory - min(memory, engine+hcl.GiB); free/2 > s.ARCMax {
			s.ARCMax = free / 2 / hcl.MiB * hcl.MiB
		}
		return s
	}
	// OpenZFS refuses an ARC under 64 MiB (arc.c, param_set_arc_max).
	if s.ARCMax < 64*hcl.MiB {
		b.report(hcl.Error, "storage.arc_max", `set arc_max to "64MiB" or more`, "ARC too small",
			fmt.Sprintf("ZFS refuses an ARC of %s.", s.ARCMax))
	}
	if s.ARCMax > memory-min(memory, engine) {
		b.report(hcl.Error, "storage.arc_max", "lower arc_max or raise memory", "ARC too large",
			fmt.Sprintf("The ARC may take %s, but only %s are left beside the engine.", s.ARCMax, memory-min(memory, engine)))
	}
	return s
}
