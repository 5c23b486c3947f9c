package platforms

import "golang.org/x/sys/unix"

// native leaves version and memory to /proc and /etc.
func native(home string) Native {
	return Native{FreeDisk: freeDisk(home), Admin: unix.Geteuid() == 0}
}

func freeDisk(dir string) uint64 {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil || st.Bsize < 0 {
		return 0
	}
	return st.Bavail * uint64(st.Bsize)
}
