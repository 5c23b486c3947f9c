package commanddocs

// jailDocs are the descriptions of the commands on jails.
func jailDocs() map[string]Doc {
	of := func(long string, pairs ...string) Doc { return Doc{Long: long, Examples: Pairs(pairs...)} }
	return map[string]Doc{
		"jail": {
			Group: groupGuests,
			Long: "A jail is a FreeBSD system within the guest's own kernel. `jail` blocks of fbdock.hcl declare jails, which `fbdock up` makes; these commands work with " +
				"those and make others. In the guest a jail is a ZFS clone, /etc/jail.conf.d/NAME.conf and a name in rc.conf's jail_list: `service jail` and `jls` work by hand.",
			Examples: Pairs(
				"fbdock jail create web --package nginx", "Make a jail with a package, and start it.",
				"fbdock jail console web", "Open a shell in it.",
			),
		},
		"jail list": of("Lists the jails that fbdock has made in a machine. A jail is `waiting` while a folder of the host that it sees is not mounted.",
			"fbdock jail list", "List the jails.", "fbdock jail list --json", "Print the list as JSON."),
		"jail create": of("Makes a jail that the configuration does not have, of a release's base system, which is fetched once, checked against the release's MANIFEST and pinned "+
			"in fbdock.lock.hcl. What fails half-way is taken away again.",
			"fbdock jail create web", "Make a jail of the guest's own release.", "fbdock jail create old --release 14.4 --memory 512MiB --no-boot", "Make one of an older release with a limit, and do not start it."),
		"jail start":   of("Starts a jail, as `service jail onestart NAME` does.", "fbdock jail start web", "Start the jail web.", "fbdock -m ci jail start web", "Start that of the machine ci."),
		"jail stop":    of("Stops a jail, as `service jail onestop NAME` does.", "fbdock jail stop web", "Stop the jail web.", "fbdock -m ci jail stop web", "Stop that of the machine ci."),
		"jail restart": of("Stops a jail that runs, and starts it.", "fbdock jail restart web", "Restart the jail web.", "fbdock -m ci jail restart web", "Restart that of the machine ci."),
		"jail console": of("Opens a shell of root in a jail, by jexec(8). `fbdock ssh --on jail/NAME` is the same.",
			"fbdock jail console web", "Open a shell in the jail web.", "fbdock ssh --on jail/web", "The same."),
		"jail exec": {
			Exits: remoteExits("the command"),
			Long:  "Runs a command in a jail as root, by jexec(8). `fbdock exec --on jail/NAME -- CMD` is the same. Each argument arrives as it is: no shell reads it.",
			Examples: Pairs(
				"fbdock jail exec web -- freebsd-version", "Run a command.", "fbdock exec --on jail/web -- pkg info", "Run another, by the other command.",
			),
		},
		"jail clone": of("Makes a jail that begins as a copy of another, by zfs-clone(8): what the two share is on the disk once. Address, limits and the like are its own.",
			"fbdock jail clone web web2", "Copy the jail web.", "fbdock jail clone web test --no-boot", "Copy it, and do not start the copy."),
		"jail snapshot": of("Keeps a jail as it is now, by zfs-snapshot(8). Without a name it is called after the time.",
			"fbdock jail snapshot web", "Keep the jail web.", "fbdock jail snapshot web before", "Keep it under a name."),
		"jail rollback": of("Puts a jail back to a snapshot: what was written since is lost. A jail that runs is stopped, and started again. Newer snapshots are not thrown away: "+
			"where there are any it is refused.",
			"fbdock jail rollback web before", "Put the jail web back.", "fbdock exec -- zfs list -t snapshot", "List the snapshots of all."),
		"jail export": of("Writes a jail to a file that `fbdock jail import` takes on this or another machine: its files as they are now, its name and release. Snapshots, address and limits are not in it. "+
			"The file holds all that the jail has, secrets too.",
			"fbdock jail export web web.jail", "Write the jail web to a file.", "fbdock jail export web | zstd >web.jail.zst", "Write it compressed."),
		"jail import": of("Makes a jail of a file that `fbdock jail export` has written, and starts it. A file runs as root in the jail: import those that you trust.",
			"fbdock jail import web.jail", "Make the jail of the file.", "zstd -dc web.jail.zst | fbdock jail import - copy", "Make one with another name."),
		"jail limits": of("Shows what a jail may use and what it uses, by rctl(8); with flags its limits are set first. Those of a jail in fbdock.hcl are set there. Limits need the loader tunable "+
			"kern.racct.enable, which `fbdock up` sets with one restart of the guest where a jail block has a limit.",
			"fbdock jail limits web", "Show limits and use.", "fbdock jail limits web --memory 1GiB --cpus 2", "Set limits."),
		"jail logs": of("Prints what a jail's system says while it starts and stops. `fbdock logs --layer jail/NAME` is the same.",
			"fbdock jail logs web", "Print the last 100 lines.", "fbdock jail logs web -f", "Follow the log."),
		"jail destroy": of("Removes a jail with all its files and snapshots. One that is in fbdock.hcl is refused: its block is removed first, and `fbdock up` run. Jails that were cloned from it stay.",
			"fbdock jail destroy web", "Remove the jail web, after a question.", "fbdock jail destroy web --yes", "Remove it without a question."),
	}
}
