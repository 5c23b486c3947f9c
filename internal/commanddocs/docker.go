package commanddocs

import (
	"fmt"

	"github.com/fbdock/fbdock/internal/manual"
)

func dockerDocs() map[string]Doc {
	cliLong := "The docker CLI of this host runs it when one of version 20.10 or newer is on PATH%s; else the CLI of the FreeBSD guest does. " +
		"`cli` in the machine block, or FBDOCK_DOCKER_CLI (auto, host, guest) in the environment, chooses. `fbdock --verbose docker ...` says which one runs and why.\n\n" +
		"A bind mount of a folder that is in none of the machine's mounts is refused before anything runs.\n\n" +
		"The CLI of the guest gets the variables of this host's environment that the command names, and files outside of the mounts that it reads or writes " +
		"(docker cp, save, load, --env-file, --cidfile, build contexts and others). What it cannot get is refused.\n\n"
	return map[string]Doc{
		"docker": {
			Group: groupDocker, Exits: remoteExits("docker"),
			Long: "Runs a docker command on the engine of a machine. Arguments, standard streams, signals, the terminal and the exit status are docker's own.\n\n" +
				fmt.Sprintf(cliLong, "") + "Flags of fbdock stand before the word docker. `fbdock docker help` is docker's own help.",
			Examples: Pairs(
				"fbdock docker run --rm -it alpine", "Run a shell in a container.",
				"fbdock -m ci docker ps", "List the containers of the machine ci.",
			),
		},
		"compose": {
			Group: groupDocker, Exits: remoteExits("docker compose"),
			Long: "Runs docker compose on the engine of a machine; `fbdock docker compose` is the same.\n\n" +
				fmt.Sprintf(cliLong, " and has the compose plugin") + "Flags of fbdock stand before the word compose.",
			Examples: Pairs(
				"fbdock compose up -d", "Start the services of compose.yaml.",
				"fbdock compose logs -f web", "Follow the log of the service web.",
			),
		},
		"podman": {
			Group: groupDocker, Exits: remoteExits("podman"),
			Long: "Runs a podman command in the FreeBSD guest of a machine with a `podman` block, as root, for containers of FreeBSD itself. Arguments, standard streams, signals, " +
				"the terminal and the exit status are podman's own. Linux images run better on the engine, by `fbdock docker`.\n\n" +
				"Folders that are bound, and files that the command reads or writes, have to be in the machine's mounts: anything else is refused before anything runs. " +
				"The command runs in the current folder where a mount has it. Variables that the command line names (`-e NAME`) are those of this host.\n\n" +
				"Flags of fbdock stand before the word podman. `fbdock podman help` is podman's own help.",
			Examples: Pairs(
				"fbdock podman run --rm ghcr.io/freebsd/freebsd-runtime:15.1 echo 'Hello World!'", "Run a command in a container of FreeBSD.",
				"fbdock podman ps --all", "List the containers.",
			),
		},
		"context": {
			Group: groupDocker, Words: WordsContext,
			Long: "`show`, the default, makes the docker context of a machine where it is missing and prints its name. `use` makes docker, compose and IDEs " +
				"on this host follow the machine. `restore` gives back the context that was in use before; `fbdock halt` does the same. " +
				"With `--freebsd` the context is that of podman in FreeBSD, for containers of FreeBSD itself.",
			Examples: Pairs(
				"fbdock context use", "Let docker on this host follow the machine.",
				"docker --context \"$(fbdock context)\" ps", "Use it for one command.",
				"docker --context \"$(fbdock context --freebsd)\" ps", "List containers of FreeBSD.",
			),
		},
		"env": {
			Group: groupDocker,
			Long: "Prints commands for a shell that set DOCKER_HOST, and the variables of Testcontainers, to the socket of a machine, and remove " +
				"those that would overrule it. With `--freebsd` the socket is that of podman in FreeBSD.",
			Examples: Pairs(
				`eval "$(fbdock env)"`, "Set them in the current POSIX shell.",
				"fbdock env --shell powershell | Invoke-Expression", "Set them in PowerShell.",
			),
		},
		"ports": {
			Group: groupDocker,
			Long: "Shows each published port of each container, the address where it appears on this host, and what is in the way of one that does not: " +
				"a port that is taken, missing rights, a protocol that is not forwarded.",
			Examples: Pairs(
				"fbdock ports", "Show all published ports.",
				"fbdock ports --json", "Print them as JSON.",
			),
		},
	}
}

func guestDocs() map[string]Doc {
	return map[string]Doc{
		"exec": {
			Group: groupGuests, Exits: append(remoteExits("the command"), exitUsage(),
				manual.Exit{Status: "126", Text: "The command is not executable in the guest."}, manual.Exit{Status: "127", Text: "The command is not found in the guest."}),
			Long: "Runs a command in the FreeBSD guest, or in the engine with `--on engine`. Each argument arrives as it is: no shell reads it. " +
				"Flags of fbdock stand before the command; `--` may separate them.\n\n" +
				"As with docker exec, the command gets standard input with `-i` and a terminal with `-t` only, so that a loop around it keeps its input. " +
				"When all standard streams are a terminal and fbdock runs in the foreground, it gets both without them; `-t=false` is without.",
			Examples: Pairs(
				"fbdock exec -- zfs list", "List ZFS datasets in FreeBSD.",
				"fbdock exec --on engine -- df -h", "Show the disks of the engine.",
				"fbdock exec -i -- tee /tmp/notes", "Write standard input to a file of the guest.",
			),
		},
		"ssh": {
			Group: groupGuests, Exits: append(remoteExits("the shell"), exitUsage()),
			Long: "Opens the login shell of the FreeBSD guest, or of the engine with `--on engine`.",
			Examples: Pairs(
				"fbdock ssh", "Open a shell in FreeBSD.",
				"fbdock ssh --on engine", "Open a shell in the engine.",
			),
		},
		"ssh-config": {
			Group: groupGuests, Words: WordsMachines,
			Long: "Prints a block of ssh_config(5) for each guest. OpenSSH, scp and editors then reach FreeBSD as fbdock-NAME, and the engine as fbdock-NAME-engine.",
			Examples: Pairs(
				"fbdock ssh-config >>~/.ssh/config", "Add all machines to the configuration of OpenSSH.",
				"fbdock ssh-config dev >dev.conf && ssh -F dev.conf fbdock-dev", "Log in to dev once.",
			),
		},
		"mount": {
			Group: groupGuests,
			Long: "Shows the folders of `mount` blocks in both guests and their state, and tries again what is not mounted. " +
				"With `--foreground` it mounts them itself, where no agent does (FBDOCK_AGENT=off), and keeps them until Ctrl-C.",
			Examples: Pairs(
				"fbdock mount", "Show the mounts.",
				"fbdock mount --json", "Print them as JSON.",
				"FBDOCK_AGENT=off fbdock mount --foreground", "Mount them without an agent, until Ctrl-C.",
			),
		},
		"share": {
			Group: groupGuests, Long: "A `share` block is a ZFS dataset of the FreeBSD guest that the engine sees.",
			Examples: Pairs(
				"fbdock share list", "List the shares of the machine.",
				"fbdock -m ci share list", "List those of the machine ci.",
			),
		},
		"share list": {
			Long: "Lists the shares of a machine. For each, a small file is written and read from FreeBSD and from the engine, and removed. " +
				"The layer that fails is named, with the next step.",
			Examples: Pairs(
				"fbdock share list", "List and test the shares.",
				"fbdock share list --json", "Print the result as JSON.",
			),
		},
		"logs": {
			Group: groupGuests, Words: WordsMachines,
			Long: "Prints the log of one layer: `vagrant` is what Vagrant has said on this host, `freebsd` the log of fbdock's steps and services in FreeBSD, " +
				"`engine` the console of the engine, `docker` the log of dockerd.",
			Examples: Pairs(
				"fbdock logs --layer engine", "Print the last 100 lines of the engine's console.",
				"fbdock logs dev --layer docker -f", "Follow the log of dockerd.",
			),
		},
	}
}
