package state

import "io/fs"

// links is the number of names that a file has; here it is not looked at.
func links(fs.FileInfo) uint64 { return 1 }
