package platforms

import (
	"strings"

	"github.com/fbdock/fbdock/platforms/hostshell"
)

// surroundings are the shell, the environment and the home folder.
func (s Sources) surroundings(f *Facts) {
	f.Shell = hostshell.ShellOf(s.OS, s.Getenv)
	for _, name := range []string{
		"DOCKER_HOST", "DOCKER_CONTEXT", "VAGRANT_CWD", "VAGRANT_DEFAULT_PROVIDER", "VAGRANT_DOTFILE_PATH", "VAGRANT_HOME",
		"VAGRANT_LOG", "VAGRANT_NO_PLUGINS", "VAGRANT_SERVER_URL", "VAGRANT_VAGRANTFILE",
	} {
		if s.Getenv(name) != "" {
			f.Variables = append(f.Variables, name)
		}
	}
	if strings.ContainsAny(s.Home, " \t") {
		f.AwkwardHome = append(f.AwkwardHome, "spaces")
	}
	if strings.Contains(s.Home, "%") {
		f.AwkwardHome = append(f.AwkwardHome, "percent")
	}
	if strings.ContainsFunc(s.Home, func(r rune) bool { return r > 0x7e }) {
		f.AwkwardHome = append(f.AwkwardHome, "non-ascii")
	}
}
