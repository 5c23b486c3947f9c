package main

func jailCommands() map[string]command {
	return map[string]command{"jail": jail, "jls": jls, "jexec": jail}
}

func jail(l *lab) int { return l.fail("lab: jails are not played") }

func jls(l *lab) int {
	l.printf("   JID  IP Address      Hostname                      Path\n")
	return 0
}
