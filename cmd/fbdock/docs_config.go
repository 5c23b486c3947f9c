package main

import "github.com/fbdock/fbdock/internal/manual"

func configDocs() map[string]doc {
	return map[string]doc{
		"init": {
			group: groupConfig,
			long: "Writes `fbdock.hcl` with one machine into the current folder, or into the folder of `-C`. Every setting that a new user may want stands " +
				"in it as a comment with its default. An existing file is not overwritten without `--force`.",
			examples: examples(
				"fbdock init", "Write fbdock.hcl with a machine called dev.",
				"fbdock init --name ci", "Call the machine ci.",
			),
		},
		"validate": {
			group: groupConfig,
			long: "Reads the configuration and reports every mistake with its place. It starts nothing and changes nothing. " +
				"What depends on the host, such as an installed provider, is not judged: `fbdock doctor` does that.",
			examples: examples(
				"fbdock validate", "Check the configuration of the current folder.",
				"fbdock validate --json", "Print mistakes as JSON, for an editor.",
			),
		},
		"fmt": {
			group: groupConfig,
			long: "Rewrites configuration files in the canonical format: two spaces of indentation, aligned equals signs. " +
				"Without arguments it formats the file that the other commands would read. The names of changed files are printed.",
			examples: examples(
				"fbdock fmt", "Format fbdock.hcl.",
				"fbdock fmt --check", "Print the files that are not formatted, and exit with 1 when there are any.",
			),
		},
		"plan": {
			group: groupConfig, provider: true,
			long: "Shows the machines with every default filled in: provider, box, CPUs, memory, network, mounts, shares. " +
				"What the configuration reaches on the host beyond its own folder is listed, with a warning where that is much. " +
				"It starts nothing and changes nothing.",
			examples: examples(
				"fbdock plan", "Show all machines.",
				"fbdock plan --json", "Print the plan as JSON.",
				"fbdock plan --scripts", "Print the scripts that run in the guests.",
			),
		},
		"render": {
			group: groupConfig, provider: true,
			long: "Prints the Vagrantfile that `fbdock up` uses. It starts nothing and changes nothing, but for the file of `--out`.",
			examples: examples(
				"fbdock render", "Print the Vagrantfile.",
				"fbdock render --out Vagrantfile", "Write it to a file.",
			),
		},
		"trust": {
			group: groupConfig,
			long: "fbdock does what a configuration says with the rights of the user who runs it. It therefore reads no configuration that another user owns, " +
				"until the user trusts that folder. Trust holds for the folder itself, not for those below it, and only while it has the same owner. " +
				"Without arguments the trusted folders are listed.",
			examples: examples(
				"fbdock trust /srv/project", "Read the configuration in /srv/project from now on.",
				"fbdock trust --remove /srv/project", "Read it no longer.",
			),
		},
	}
}

func machineDocs() map[string]doc {
	impossible := []manual.Exit{exitImpossible()}
	return map[string]doc{
		"adopt": {
			group: groupMachines,
			long: "A project is its folder, however the path is spelt: a folder that is renamed, or moved within its file system, keeps its machines. " +
				"A copy is a new project. A folder that comes from another file system or from a backup cannot be told from a copy. " +
				"This command gives the folder the machines of the project that it was copied or restored from, or of the project named. " +
				"It asks before; nothing in the machines changes.\n\n" +
				"With --legacy it takes over the private files that earlier versions of fbdock kept in the folder .fbdock. " +
				"fbdock does so by itself when Vagrant's own list of machines shows that they are the user's. " +
				"Nothing that can be run is taken over, and no consent for a FreeBSD computer of the user's own.",
			examples: examples(
				"fbdock adopt", "Take over the machines of the folder that this one was copied or restored from.",
				"fbdock adopt --project 0123456789abcdef", "Take over those of a project that `fbdock list --all` names.",
			),
		},
		"up": {
			group: groupMachines, words: wordsMachines, provider: true, exits: impossible,
			long: "Creates the machines that do not exist, starts those that are stopped, and applies changes of the configuration. " +
				"Without arguments it does so for all machines. It asks every layer of a machine, from FreeBSD to dockerd, and repairs what does not work; " +
				"when nothing is to be done it ends within seconds. " +
				"The first time takes about a quarter of an hour.\n\n" +
				"Before a machine is created, the checks of `fbdock doctor` run. On a FreeBSD computer of the user's own, the changes are listed " +
				"and have to be agreed to. What a configuration reaches outside of its project is listed and has to be agreed to as well.",
			examples: examples(
				"fbdock up", "Bring up all machines of the configuration.",
				"fbdock up ci --json", "Bring up the machine ci, and print the result as JSON.",
			),
		},
		"halt": {
			group: groupMachines, words: wordsMachines,
			long: "Stops the containers, the engine and the FreeBSD guest, in this order. Containers, images and volumes stay on their disks. " +
				"The docker context that was in use before `fbdock context use` is used again.",
			examples: examples(
				"fbdock halt", "Stop all machines.",
				"fbdock halt dev --force", "Power off the machine dev at once, as if its plug were pulled.",
			),
		},
		"reload": {
			group: groupMachines, words: wordsMachines, provider: true, exits: impossible,
			long: "Does what `fbdock halt` and then `fbdock up` do.",
			examples: examples(
				"fbdock reload", "Restart all machines.",
				"fbdock reload dev", "Restart the machine dev.",
			),
		},
		"destroy": {
			group: groupMachines, words: wordsMachines,
			long: "Removes machines with everything in them: containers, images, volumes, and the disks of FreeBSD and the engine. " +
				"It asks first. Files of the host in mounted folders stay.\n\n" +
				"With `--all` it also removes what fbdock keeps of the project: keys, certificates, logs. " +
				"With `--project` no configuration is read: that is for a project whose folder is gone, by its id in `fbdock list --all`.",
			examples: examples(
				"fbdock destroy dev", "Ask, then remove the machine dev.",
				"fbdock destroy --project 0123456789abcdef", "Ask, then remove all that is left of a project whose folder is gone.",
				"fbdock destroy --all --yes", "Remove all machines of the project and what is kept of it, without a question.",
			),
		},
		"status": {
			group: groupMachines, words: wordsMachines,
			long: "Shows for each machine whether it is created and running and, when it runs, the state of each layer: FreeBSD, hypervisor, " +
				"engine, dockerd, agent, clocks and mounts. The first layer that fails is named.",
			examples: examples(
				"fbdock status", "Show all machines.",
				"fbdock status dev --json", "Print the status of dev as JSON.",
			),
		},
		"list": {
			group: groupMachines,
			long: "Lists the machines of the configuration without asking them anything.\n\n" +
				"With `--all` it lists all projects of this user with their folders and machines, from any folder and without a configuration. " +
				"With `--all --resources` it lists everything that fbdock has left on this host: VMs, external hosts, agents, sockets, docker contexts, " +
				"blocks of ssh_config, private files, boxes and images. What belongs to a project goes with `fbdock destroy --all`; " +
				"blocks of ssh_config are the user's to remove. fbdock makes no entries in what the system starts by itself.",
			examples: examples(
				"fbdock list --all", "List all projects, those whose folder is gone too.",

				"fbdock list", "List the machines.",
				"fbdock list --json", "Print them as JSON, with every default filled in.",
			),
		},
	}
}
