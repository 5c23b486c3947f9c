package commanddocs

import "github.com/fbdock/fbdock/internal/manual"

func configDocs() map[string]Doc {
	return map[string]Doc{
		"init": {
			Group: groupConfig,
			Long: "Writes `fbdock.hcl` with one machine into the current folder, or into the folder of `-C`. Every setting that a new user may want stands " +
				"in it as a comment with its default. An existing file is not overwritten without `--force`.",
			Examples: Pairs(
				"fbdock init", "Write fbdock.hcl with a machine called dev.",
				"fbdock init --name ci", "Call the machine ci.",
			),
		},
		"validate": {
			Group: groupConfig,
			Long: "Reads the configuration and reports every mistake with its place. It starts nothing and changes nothing. " +
				"What depends on the host, such as an installed provider, is not judged: `fbdock doctor` does that.",
			Examples: Pairs(
				"fbdock validate", "Check the configuration of the current folder.",
				"fbdock validate --json", "Print mistakes as JSON, for an editor.",
			),
		},
		"fmt": {
			Group: groupConfig,
			Long: "Rewrites configuration files in the canonical format: two spaces of indentation, aligned equals signs. " +
				"Without arguments it formats the file that the other commands would read. The names of changed files are printed.",
			Examples: Pairs(
				"fbdock fmt", "Format fbdock.hcl.",
				"fbdock fmt --check", "Print the files that are not formatted, and exit with 1 when there are any.",
			),
		},
		"plan": {
			Group: groupConfig, Provider: true,
			Long: "Shows the machines with every default filled in: provider, box, CPUs, memory, network, mounts, shares. " +
				"What the configuration reaches on the host beyond its own folder is listed, with a warning where that is much. " +
				"It starts nothing and changes nothing.",
			Examples: Pairs(
				"fbdock plan", "Show all machines.",
				"fbdock plan --json", "Print the plan as JSON.",
				"fbdock plan --scripts", "Print the scripts that run in the guests.",
			),
		},
		"render": {
			Group: groupConfig, Provider: true,
			Long: "Prints the Vagrantfile that `fbdock up` uses. It starts nothing and changes nothing, but for the file of `--out`.",
			Examples: Pairs(
				"fbdock render", "Print the Vagrantfile.",
				"fbdock render --out Vagrantfile", "Write it to a file.",
			),
		},
		"trust": {
			Group: groupConfig,
			Long: "fbdock does what a configuration says with the rights of the user who runs it. It therefore reads no configuration that another user owns, " +
				"until the user trusts that folder. Trust holds for the folder itself, not for those below it, and only while it has the same owner. " +
				"Without arguments the trusted folders are listed.",
			Examples: Pairs(
				"fbdock trust /srv/project", "Read the configuration in /srv/project from now on.",
				"fbdock trust --remove /srv/project", "Read it no longer.",
			),
		},
	}
}

func machineDocs() map[string]Doc {
	impossible := []manual.Exit{exitImpossible()}
	return map[string]Doc{
		"adopt": {
			Group: groupMachines,
			Long: "A project is its folder, however the path is spelt: a folder that is renamed, or moved within its file system, keeps its machines. " +
				"A copy is a new project. A folder that comes from another file system or from a backup cannot be told from a copy. " +
				"This command gives the folder the machines of the project that it was copied or restored from, or of the project named. " +
				"It asks before; nothing in the machines changes.\n\n" +
				"With --legacy it takes over the private files that earlier versions of fbdock kept in the folder .fbdock. " +
				"fbdock does so by itself when Vagrant's own list of machines shows that they are the user's. " +
				"Nothing that can be run is taken over, and no consent for a FreeBSD computer of the user's own.",
			Examples: Pairs(
				"fbdock adopt", "Take over the machines of the folder that this one was copied or restored from.",
				"fbdock adopt --project 0123456789abcdef", "Take over those of a project that `fbdock list --all` names.",
			),
		},
		"up": {
			Group: groupMachines, Words: WordsMachines, Provider: true, Exits: impossible,
			Long: "Creates the machines that do not exist, starts those that are stopped, and applies changes of the configuration. " +
				"Without arguments it does so for all machines. It asks every layer of a machine, from FreeBSD to dockerd, and repairs what does not work; " +
				"when nothing is to be done it ends within seconds. " +
				"The first time takes about a quarter of an hour.\n\n" +
				"Before a machine is created, the checks of `fbdock doctor` run. On a FreeBSD computer of the user's own, the changes are listed " +
				"and have to be agreed to. What a configuration reaches outside of its project is listed and has to be agreed to as well.",
			Examples: Pairs(
				"fbdock up", "Bring up all machines of the configuration.",
				"fbdock up ci --json", "Bring up the machine ci, and print the result as JSON.",
			),
		},
		"halt": {
			Group: groupMachines, Words: WordsMachines,
			Long: "Stops the containers, the engine and the FreeBSD guest, in this order. Containers, images and volumes stay on their disks. " +
				"The docker context that was in use before `fbdock context use` is used again.",
			Examples: Pairs(
				"fbdock halt", "Stop all machines.",
				"fbdock halt dev --force", "Power off the machine dev at once, as if its plug were pulled.",
			),
		},
		"reload": {
			Group: groupMachines, Words: WordsMachines, Provider: true, Exits: impossible,
			Long: "Does what `fbdock halt` and then `fbdock up` do.",
			Examples: Pairs(
				"fbdock reload", "Restart all machines.",
				"fbdock reload dev", "Restart the machine dev.",
			),
		},
		"destroy": {
			Group: groupMachines, Words: WordsMachines,
			Long: "Removes machines with everything in them: containers, images, volumes, and the disks of FreeBSD and the engine. " +
				"It asks first. Files of the host in mounted folders stay. So does docker's data of an engine beside FreeBSD with libvirt or qemu, " +
				"which is on a disk of its own: the next engine of the machine takes it, and `--data` removes it too.\n\n" +
				"With `--all` it also removes what fbdock keeps of the project: keys, certificates, logs; a disk with docker's data wants `--data` as well. " +
				"With `--project` no configuration is read: that is for a project whose folder is gone, by its id in `fbdock list --all`.",
			Examples: Pairs(
				"fbdock destroy dev", "Ask, then remove the machine dev.",
				"fbdock destroy dev --data", "Ask, then remove the machine dev and docker's data, wherever it is.",
				"fbdock destroy --project 0123456789abcdef", "Ask, then remove all that is left of a project whose folder is gone.",
				"fbdock destroy --all --yes", "Remove all machines of the project and what is kept of it, without a question.",
			),
		},
		"status": {
			Group: groupMachines, Words: WordsMachines,
			Long: "Shows for each machine whether it is created and running and, when it runs, the state of each layer: FreeBSD, hypervisor, " +
				"engine, dockerd, agent, clocks and mounts. The first layer that fails is named.",
			Examples: Pairs(
				"fbdock status", "Show all machines.",
				"fbdock status dev --json", "Print the status of dev as JSON.",
			),
		},
		"list": {
			Group: groupMachines,
			Long: "Lists the machines of the configuration without asking them anything.\n\n" +
				"With `--all` it lists all projects of this user with their folders and machines, from any folder and without a configuration. " +
				"With `--all --resources` it lists everything that fbdock has left on this host: VMs, external hosts, agents, sockets, docker contexts, " +
				"blocks of ssh_config, private files, disks with docker's data, boxes and images. What belongs to a project goes with `fbdock destroy --all`; " +
				"blocks of ssh_config are the user's to remove. fbdock makes no entries in what the system starts by itself.",
			Examples: Pairs(
				"fbdock list --all", "List all projects, those whose folder is gone too.",

				"fbdock list", "List the machines.",
				"fbdock list --json", "Print them as JSON, with every default filled in.",
			),
		},
	}
}
