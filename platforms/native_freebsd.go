package platforms

import "golang.org/x/sys/unix"

func native(home string) Native {
	n := Native{Admin: unix.Geteuid() == 0}
	// An unknown name gives zero values, which mean "unknown" here too.
	n.OSVersion, _ = unix.Sysctl("kern.osrelease")
	n.Brand, _ = unix.Sysctl("hw.model")
	n.Memory, _ = unix.SysctlUint64("hw.physmem")
	var st unix.Statfs_t
	if unix.Statfs(home, &st) == nil && st.Bavail > 0 {
		n.FreeDisk = uint64(st.Bavail) * st.Bsize
	}
	return n
}
