package vagrant

import (
	"strings"

	"github.com/fbdock/fbdock/internal/run"
)

// machineReadable also keeps Vagrant from asking questions. Its --no-tty
// must not stand beside it: it takes the place of the machine-readable form
// (bin/vagrant of 2.3.4 and of 2.4).
const machineReadable = "--machine-readable"

func (v Vagrant) cmd(t Target, args ...string) run.Cmd {
	name := v.Path
	if name == "" {
		name = "vagrant"
	}
	return run.Cmd{Name: name, Args: args, Dir: v.Dir, Env: environ(v.Env, v.Dir, t.Provider)}
}

// upCmd keeps what a failed up has made: the next up goes on from there.
func (v Vagrant) upCmd(t Target, o UpOptions) run.Cmd {
	args := []string{"up", t.Machine, "--no-destroy-on-error", "--no-install-provider", provisionFlag(o)}
	if t.Provider != "" {
		args = append(args, "--provider", t.Provider)
	}
	return v.cmd(t, append(args, machineReadable)...)
}

func (v Vagrant) reloadCmd(t Target, o UpOptions) run.Cmd {
	return v.cmd(t, "reload", t.Machine, provisionFlag(o), machineReadable)
}

func provisionFlag(o UpOptions) string {
	if o.Provision {
		return "--provision"
	}
	return "--no-provision"
}

func (v Vagrant) haltCmd(t Target, force bool) run.Cmd {
	args := []string{"halt", t.Machine}
	if force {
		args = append(args, "--force")
	}
	return v.cmd(t, append(args, machineReadable)...)
}

func (v Vagrant) destroyCmd(t Target) run.Cmd {
	return v.cmd(t, "destroy", t.Machine, "--force", machineReadable)
}

func (v Vagrant) provisionCmd(t Target, with []string) run.Cmd {
	args := []string{"provision", t.Machine}
	if len(with) > 0 {
		args = append(args, "--provision-with", strings.Join(with, ","))
	}
	return v.cmd(t, append(args, machineReadable)...)
}

func (v Vagrant) validateCmd(ignoreProvider bool) run.Cmd {
	args := []string{"validate"}
	if ignoreProvider {
		args = append(args, "--ignore-provider")
	}
	return v.cmd(Target{}, append(args, machineReadable)...)
}

// statusCmd names a provider only when all targets agree on one.
func (v Vagrant) statusCmd(targets []Target) run.Cmd {
	args, common := []string{"status"}, Target{}
	for i, t := range targets {
		args = append(args, t.Machine)
		if i == 0 {
			common.Provider = t.Provider
		} else if common.Provider != t.Provider {
			common.Provider = ""
		}
	}
	return v.cmd(common, append(args, machineReadable)...)
}

func (v Vagrant) sshConfigCmd(t Target) run.Cmd {
	return v.cmd(t, "ssh-config", t.Machine, machineReadable)
}

func (v Vagrant) pluginListCmd() run.Cmd {
	return v.cmd(Target{}, "plugin", "list", machineReadable)
}

func (v Vagrant) versionCmd() run.Cmd {
	c := v.cmd(Target{}, "--version")
	c.Dir = "" // asked before there is a folder
	return c
}

// SSHCmd is the slow way: one `vagrant ssh` for one command line of the
// guest's shell. Vagrant adds a -t of its own unless the arguments behind
// -- hold exactly -T or -t; --no-tty is eaten before it could help, and
// -tt with the added -t is no longer "force", so two single ones it is.
func (v Vagrant) SSHCmd(t Target, line string, tty bool) run.Cmd {
	args := []string{"ssh", t.Machine, "-c", line, "--"}
	if tty {
		args = append(args, "-t", "-t")
	} else {
		args = append(args, "-T")
	}
	c := v.cmd(t, args...)
	c.Foreground = true
	return c
}
