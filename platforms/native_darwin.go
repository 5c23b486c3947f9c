package platforms

import "golang.org/x/sys/unix"

func native(home string) Native {
	n := Native{Admin: unix.Geteuid() == 0}
	// An unknown name gives zero values, which mean "unknown" here too.
	n.OSVersion, _ = unix.Sysctl("kern.osproductversion")
	n.Brand, _ = unix.Sysctl("machdep.cpu.brand_string")
	n.Memory, _ = unix.SysctlUint64("hw.memsize")
	translated, err := unix.SysctlUint32("sysctl.proc_translated")
	n.Rosetta = err == nil && translated == 1
	var st unix.Statfs_t
	if unix.Statfs(home, &st) == nil {
		n.FreeDisk = st.Bavail * uint64(st.Bsize)
	}
	return n
}
