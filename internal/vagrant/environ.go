package vagrant

import (
	"path/filepath"
	"strings"
)

// keep is the list of Vagrant's variables that the user's environment may
// hand through: where Vagrant keeps its own things, whom it asks for boxes,
// and how it copes with this computer. All others would change what is run
// or how it is told, and are fbdock's to set: VAGRANT_CWD,
// VAGRANT_VAGRANTFILE, VAGRANT_DOTFILE_PATH, VAGRANT_LOG,
// VAGRANT_DEFAULT_PROVIDER, VAGRANT_NO_PLUGINS and whatever comes next.
func keep(name string) bool {
	switch name {
	case "VAGRANT_HOME", "VAGRANT_SERVER_URL", "VAGRANT_CLOUD_TOKEN",
		"VAGRANT_SERVER_ACCESS_TOKEN_BY_URL", "VAGRANT_BOX_DOWNLOAD_CA_CERT",
		"VAGRANT_PREFER_SYSTEM_BIN", "VAGRANT_HOST_ARCHITECTURE",
		"VAGRANT_WINPTY_DISABLE", "VAGRANT_PREFERRED_POWERSHELL", "VAGRANT_IS_HYPERV_ADMIN",
		"VAGRANT_WSL_ENABLE_WINDOWS_ACCESS", "VAGRANT_WSL_WINDOWS_ACCESS_USER_HOME_PATH",
		"VAGRANT_VMWARE_CLONE_DIRECTORY", "VAGRANT_SKIP_SUBPROCESS_JAILBREAK",
		"VAGRANT_ALLOW_PLUGIN_SOURCE_ERRORS":
		return true
	}
	return false
}

// environ is inherited without the variables that would make Vagrant answer
// for another project or in another form, with those that make it answer
// for dir. provider, when set, is the default of a machine not yet created.
func environ(inherited []string, dir, provider string) []string {
	env := make([]string, 0, len(inherited)+8)
	for _, kv := range inherited {
		name, _, _ := strings.Cut(kv, "=")
		// Windows does not tell names apart by case.
		name = strings.ToUpper(name)
		if strings.HasPrefix(name, "VAGRANT_") && !keep(name) {
			continue
		}
		env = append(env, kv)
	}
	env = append(env,
		"VAGRANT_CHECKPOINT_DISABLE=1",
		"VAGRANT_BOX_UPDATE_CHECK_DISABLE=1",
		"VAGRANT_NO_COLOR=1",
	)
	if dir != "" {
		env = append(env, "VAGRANT_CWD="+dir, "VAGRANT_DOTFILE_PATH="+filepath.Join(dir, ".vagrant"))
	}
	if provider != "" {
		env = append(env, "VAGRANT_DEFAULT_PROVIDER="+provider)
	}
	return env
}

// Environ is the environment that Vagrant runs with, for those who want to
// call it by hand: `fbdock env` prints the difference.
func (v Vagrant) Environ(t Target) []string { return environ(v.Env, v.Dir, t.Provider) }
