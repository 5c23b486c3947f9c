package main

import (
	"maps"

	"github.com/fbdock/fbdock/internal/manual"
)

// doc is what help, the manual pages and completion say of a command beside
// its flags.
type doc struct {
	group    string
	long     string
	examples []manual.Example
	// exits are those beside the usual ones.
	exits []manual.Exit
	// words completes the arguments.
	words words
	// provider tells that the command needs a provider for Vagrant.
	provider bool
}

// words is what the arguments of a command are.
type words string

// The kinds of arguments that completion knows.
const (
	wordsMachines words = "machines"
	wordsCommands words = "commands"
	wordsShells   words = "completion shells"
	wordsContext  words = "context"
	wordsPurposes words = "purposes"
)

// The headings that commands stand under.
const (
	groupConfig   = "Configuration"
	groupMachines = "Machines"
	groupDocker   = "Docker"
	groupGuests   = "Guests"
	groupHost     = "Host"
	groupFbdock   = "fbdock"
)

// docs are the descriptions of all commands, by their words.
func docs() map[string]doc {
	all := map[string]doc{}
	for _, some := range []map[string]doc{configDocs(), machineDocs(), dockerDocs(), guestDocs(), hostDocs(), fbdockDocs()} {
		maps.Copy(all, some)
	}
	return all
}

// examples are pairs of a command line and what it does.
func examples(pairs ...string) []manual.Example {
	var all []manual.Example
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, manual.Example{Line: pairs[i], Text: pairs[i+1]})
	}
	return all
}

// The exit statuses of commands.
func usualExits() []manual.Exit {
	return []manual.Exit{
		{Status: "0", Text: "The command has done its work."},
		{Status: "1", Text: "The command failed."},
		exitUsage(),
		{Status: "130", Text: "The command was interrupted."},
	}
}

func exitUsage() manual.Exit {
	return manual.Exit{Status: "2", Text: "The flags, the arguments or the configuration are wrong."}
}

func exitImpossible() manual.Exit {
	return manual.Exit{Status: "3", Text: "This host, or a guest, cannot run the machine."}
}

// remoteExits are those of a command that runs somewhere else.
func remoteExits(whose string) []manual.Exit {
	return []manual.Exit{
		{Status: "N", Text: "The exit status of " + whose + ", unchanged; 128+N when signal N ended it."},
		{Status: "125", Text: "fbdock failed before or while it ran, or the connection was lost."},
	}
}

const rootLong = "fbdock makes a FreeBSD machine under Vagrant from one HCL file. FreeBSD's bhyve runs a small Linux VM with dockerd in it, the engine. " +
	"Docker commands on this host reach the engine over one SSH connection.\n\n" +
	"`fbdock help COMMAND` describes a command. Standard output holds the answer, standard error everything else. " +
	"Flags may stand before and after arguments. With several machines, `-m NAME` before or after the command names one."
