package commanddocs

import "github.com/fbdock/fbdock/internal/manual"

func hostDocs() map[string]Doc {
	return map[string]Doc{
		"doctor": {
			Group: groupHost, Words: WordsMachines, Exits: []manual.Exit{exitImpossible()},
			Long: "Checks this host without changing it, without root and without starting a VM: processor, firmware, hypervisors, Vagrant, networks, " +
				"environment, docker CLI. Each check says what was seen, why it matters, and the command that fixes it. The providers follow, the best first.\n\n" +
				"The output holds no names of users and no passwords, and is fit for a bug report. With `--guest` it checks the layers of running machines instead.",
			Examples: Pairs(
				"fbdock doctor", "Check this host for the machines of the configuration.",
				"fbdock doctor --json", "Print the checks and the facts that they rest on.",
			),
		},
		"advise": {
			Group: groupHost, Words: WordsPurposes,
			Long: "Without arguments, shows the ways to run something: Linux containers on the engine, containers of FreeBSD itself under podman, jails, emulation of another " +
				"processor, the FreeBSD guest as it is; with the state of the machine. A purpose shows the way for it: linux, compose, freebsd, isolation, other-cpu, vm.\n\n" +
				"For an image it reads the manifest from the registry, pulls nothing, and shows for which systems and processors the image is, its size, the C library where the " +
				"tag or the history tells, and the command to type. Credentials are those of Docker's configuration on this host. An image that is called like a purpose is given with its registry.",
			Examples: Pairs(
				"fbdock advise", "Show all ways.",
				"fbdock advise ghcr.io/freebsd/freebsd-runtime:15.1", "Say how to run this image.",
				"fbdock advise --json alpine", "Print what the registry says of alpine, and the way, as JSON.",
			),
		},
		"boxes": {
			Group: groupHost,
			Long:  "Lists the Vagrant boxes of FreeBSD and the engine images that may be named in a configuration, with the providers that each box is published for.",
			Examples: Pairs(
				"fbdock boxes", "List them.",
				"fbdock boxes --json", "Print the catalogue as JSON.",
			),
		},
		"box": {
			Group: groupHost, Long: "Nobody publishes boxes of a current FreeBSD for libvirt, qemu and Hyper-V, nor of Alpine; fbdock makes them itself.",
			Examples: Pairs(
				"fbdock box build", "Make a box for libvirt.",
				"fbdock box build --provider qemu --arch arm64", "Make one for vagrant-qemu on an ARM host.",
			),
		},
		"box build": {
			Provider: true,
			Long: "Fetches an official cloud image, of FreeBSD or of Alpine, checks its SHA-512, adds a seed for the first boot, " +
				"and adds the box to Vagrant. `fbdock up` does the same when a machine needs it.",
			Examples: Pairs(
				"fbdock box build", "Make a box for libvirt.",
				"fbdock box build --provider hyperv --release 15.1", "Make a box of FreeBSD 15.1 for Hyper-V.",
				"fbdock box build --provider all", "Make the boxes of all providers of one download.",
				"fbdock box build --system alpine", "Make the box of an engine beside FreeBSD, for libvirt.",
			),
		},
		"image": {
			Group: groupHost, Long: "Engine images are disk images of Alpine Linux. They are kept in a cache that all projects share.",
			Examples: Pairs(
				"fbdock image list", "List the files in the cache.",
				"fbdock image pull", "Fetch the images of this project, without making a machine.",
			),
		},
		"image pull": {
			Long: "Fetches the engine images that the project's machines use, and writes their SHA-512 into fbdock.lock.hcl. An image whose digest " +
				"is not the pinned one is refused.",
			Examples: Pairs(
				"fbdock image pull", "Fetch what is pinned.",
				"fbdock image pull --upgrade", "Pin and fetch what the catalogue names now.",
			),
		},
		"image list": {
			Long: "Lists the files in the image cache, with size, digest and whether this project uses them.",
			Examples: Pairs(
				"fbdock image list", "List the files.",
				"fbdock image list --json", "Print them as JSON.",
			),
		},
		"image prune": {
			Long: "Removes the files in the image cache that this project does not use. It asks first. Other projects fetch theirs again when they need them.",
			Examples: Pairs(
				"fbdock image prune", "Show what would be removed, and ask.",
				"fbdock image prune --yes", "Remove it without a question.",
			),
		},
	}
}

func fbdockDocs() map[string]Doc {
	return map[string]Doc{
		"version": {
			Group: groupFbdock, Long: "Prints the version; `fbdock --version` does the same.",
			Examples: Pairs(
				"fbdock version", "Print the version.",
				"fbdock version --json", "Print it as JSON.",
			),
		},
		"completion": {
			Group: groupFbdock, Words: WordsShells,
			Long: "Prints a script that completes commands, flags and the names of machines in bash, zsh, fish or PowerShell.",
			Examples: Pairs(
				`eval "$(fbdock completion bash)"`, "Complete in the current bash.",
				"fbdock completion fish >~/.config/fish/completions/fbdock.fish", "Complete in every fish.",
			),
		},
		"help": {
			Group: groupFbdock, Words: WordsCommands,
			Long: "Shows help for fbdock, or for the command that is named. `--help` and `-h` after a command do the same. The manual pages have the same text.",
			Examples: Pairs(
				"fbdock help", "List all commands.",
				"fbdock help image pull", "Describe one command.",
			),
		},
	}
}
