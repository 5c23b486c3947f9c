package link

// Line is the command line that the login shell is given.
func Line(c Command) (string, error) { return c.line("") }

// LocalPath is what becomes of a path of ssh-config on a system.
func LocalPath(goos, path string) string { return localPath(goos, path) }
