// Package commanddocs says what each command of fbdock is for: the long help,
// examples and exit statuses that help, the manual pages and completion show
// beside its flags. It knows no flag and runs nothing.
package commanddocs

import (
	"maps"

	"github.com/fbdock/fbdock/internal/manual"
)

// Doc is what help, the manual pages and completion say of a command beside
// its flags.
type Doc struct {
	Group    string
	Long     string
	Examples []manual.Example
	// Exits are those beside the usual ones.
	Exits []manual.Exit
	// Words completes the arguments.
	Words Words
	// Provider tells that the command needs a provider for Vagrant.
	Provider bool
}

// Words is what the arguments of a command are.
type Words string

// The kinds of arguments that completion knows.
const (
	WordsMachines Words = "machines"
	WordsCommands Words = "commands"
	WordsShells   Words = "completion shells"
	WordsContext  Words = "context"
	WordsPurposes Words = "purposes"
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

// All are the descriptions of all commands, by their words.
func All() map[string]Doc {
	all := map[string]Doc{}
	for _, some := range []map[string]Doc{configDocs(), machineDocs(), dockerDocs(), guestDocs(), jailDocs(), hostDocs(), fbdockDocs()} {
		maps.Copy(all, some)
	}
	return all
}

// Pairs are examples, given as command lines and what each does.
func Pairs(pairs ...string) []manual.Example {
	var all []manual.Example
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, manual.Example{Line: pairs[i], Text: pairs[i+1]})
	}
	return all
}

// UsualExits are the exit statuses that most commands have.
func UsualExits() []manual.Exit {
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

// RootLong describes fbdock itself.
const RootLong = "fbdock makes a FreeBSD machine under Vagrant from one HCL file. FreeBSD's bhyve runs a small Linux VM with dockerd in it, the engine. " +
	"Docker commands on this host reach the engine over one SSH connection.\n\n" +
	"`fbdock help COMMAND` describes a command. Standard output holds the answer, standard error everything else. " +
	"Flags may stand before and after arguments. With several machines, `-m NAME` before or after the command names one."
