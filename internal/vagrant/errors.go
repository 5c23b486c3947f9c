package vagrant

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/platforms"
)

// Sentinels for errors.Is on an *Error.
var (
	// ErrLocked: another Vagrant works on the machine.
	ErrLocked = errors.New("machine is locked")
	// ErrProvider: the provider is missing or does not work.
	ErrProvider = errors.New("provider is not usable")
	// ErrVirtualBoxVersion: this Vagrant does not know this VirtualBox.
	ErrVirtualBoxVersion = errors.New("vagrant does not know this virtualbox")
	// ErrNotRunning: there is nothing to log in to.
	ErrNotRunning = errors.New("machine is not running")
	// ErrNoMachine: the Vagrantfile has no such machine.
	ErrNoMachine = errors.New("no such machine")
	// ErrBox: the box cannot be had.
	ErrBox = errors.New("box is not available")
	// ErrVagrantfile: Vagrant refuses the Vagrantfile.
	ErrVagrantfile = errors.New("vagrantfile is refused")
	// ErrBootTimeout: the guest did not answer in time.
	ErrBootTimeout = errors.New("guest did not boot in time")
	// ErrHung: vagrant gave no answer in time.
	ErrHung = errors.New("no answer in time")
	// ErrRubbish: what answers is not Vagrant, or says nothing that it should.
	ErrRubbish = errors.New("answer is not understood")
	// ErrTooOld and ErrKnownBad are about the version of Vagrant.
	ErrTooOld   = errors.New("vagrant is too old")
	ErrKnownBad = errors.New("vagrant version is known to be broken")
)

// Error is a command that Vagrant did not do.
type Error struct {
	Command string
	Class   string // Vagrant's error class, "" when it gave none
	Text    string // its words
	// Kind is one of the sentinels, nil for all that has no advice of ours.
	Kind error
	Next string // the next step, "" when there is none
	Err  error  // what the runner said
}

func (e *Error) Error() string {
	msg := "vagrant " + e.Command
	if e.Kind != nil {
		msg += ": " + e.Kind.Error()
	}
	if text := oneLine(e.Text); text != "" {
		return msg + ": " + text
	}
	if e.Err != nil {
		return msg + ": " + e.Err.Error()
	}
	return msg
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// Hint is the next step for the user.
func (e *Error) Hint() string { return e.Next }

// oneLine folds Vagrant's paragraphs; the log has them whole.
func oneLine(text string) string {
	const most = 600
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// advice is what a class of Vagrant's errors means to the user.
func advice(class string) (hint string, kind error) {
	short := class[strings.LastIndex(class, ":")+1:]
	switch short {
	case "MachineActionLockedError", "MachineLocked", "EnvironmentLockedError":
		return "wait for the other vagrant to end, or end it; `vagrant global-status` lists the machines", ErrLocked
	case "ProviderNotUsable", "NoDefaultProvider", "VirtualBoxNotDetected", "VirtualBoxKernelModuleNotLoaded",
		"VirtualBoxInstallIncomplete", "VBoxManageNotFoundError", "VBoxManageLaunchError", "HypervVirtualBoxError":
		return "`fbdock doctor` says what is missing; another provider can be set in the machine block", ErrProvider
	case "ProviderNotFound", "ProviderNotFoundSuggestion":
		return "install the provider's plugin with `vagrant plugin install`, or set another provider", ErrProvider
	case "VirtualBoxInvalidVersion", "VirtualBoxVersionEmpty":
		return "update Vagrant to the latest version, or install a VirtualBox that it knows (4.0 to 7.2)", ErrVirtualBoxVersion
	case "SSHNotReady":
		return "run `fbdock up`", ErrNotRunning
	case "MachineNotFound", "VMNotFoundError":
		return "run `fbdock up` to write the Vagrantfile anew", ErrNoMachine
	case "VMBootTimeout", "VMBootBadState":
		return "run `fbdock up` again: the first boot of a FreeBSD box may patch itself and reboot", ErrBootTimeout
	case "VagrantfileLoadError", "VagrantfileSyntaxError", "ConfigInvalid":
		return "this is a bug of fbdock or a newer Vagrant: please report it with what `fbdock render` prints", ErrVagrantfile
	case "BoxAddNoMatchingProvider", "BoxAddNoMatchingVersion", "BoxAddShortNotFound", "BoxNotFound",
		"BoxNotFoundWithProvider", "BoxNotFoundWithProviderAndVersion", "BoxMetadataDownloadError", "DownloaderError":
		return "check the network and proxy, and box and box_version in the machine block; `fbdock boxes` lists what is known", ErrBox
	}
	return "", nil
}

// failure makes an error of a command that ended badly.
func failure(command string, out output, err error) error {
	if err == nil {
		return nil
	}
	if nf, ok := errors.AsType[*run.NotFoundError](err); ok {
		return &Error{Command: command, Err: nf, Next: "install Vagrant " + platforms.VagrantFloor + " or newer and see that it is on PATH"}
	}
	e := &Error{Command: command, Err: err}
	exit, ok := errors.AsType[*run.ExitError](err)
	if !ok || exit.Cause != nil {
		return e // interrupted: what it says then is not the reason
	}
	for _, event := range out.events {
		if class, text, ok := event.ErrorExit(); ok {
			e.Class, e.Text = class, text
		} else if level, text, ok := event.Message(); ok && level == "error" && e.Class == "" {
			e.Text = text
		}
	}
	if e.Text == "" {
		e.Text = early(exit)
	}
	e.Next, e.Kind = advice(e.Class)
	if e.Kind == nil && e.Next == "" {
		e.Next = "`fbdock logs --layer vagrant` shows all that vagrant has said"
	}
	return e
}

// early is what Vagrant says when it fails before it can speak the
// machine-readable form: plain text on stderr.
func early(exit *run.ExitError) string {
	text := strings.TrimSpace(string(exit.Stderr))
	if text == "" {
		return fmt.Sprintf("exit status %d without a word", exit.Status)
	}
	return strings.ToValidUTF8(text, "?")
}
