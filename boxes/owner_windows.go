package boxes

import "io/fs"

// The cache is in the user's profile, whose access list keeps others out; a
// file's own mode says nothing there.

func owned(fs.FileInfo) bool { return true }

func system(fs.FileInfo) bool { return true }

func linked(fs.FileInfo) bool { return false }

func shared(fs.FileInfo) bool { return false }
