package platforms

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Option is one provider as it stands on this host.
type Option struct {
	Provider string `json:"provider"`
	// Usable: all that the provider needs is installed.
	Usable bool `json:"usable"`
	// Missing is what it lacks, Install the way to get it.
	Missing string `json:"missing,omitempty"`
	Install Remedy `json:"install,omitzero"`
	effort  int    // to get what is missing

	Nesting Verdict `json:"nesting"`
	Reason  string  `json:"reason"`
	// Placement is where `placement = "auto"` puts the engine: nested or sibling.
	Placement       string `json:"placement"`
	placementReason string
	// Fix makes it nest, none when nothing does.
	Fix Remedy `json:"fix,omitzero"`
}

// NoProviderError says that nothing here can run the FreeBSD guest.
type NoProviderError struct {
	Options []Option
}

func (e *NoProviderError) Error() string {
	return "no provider for Vagrant is installed that could run FreeBSD here"
}

// Hint is the way to the best of them.
func (e *NoProviderError) Hint() string {
	if len(e.Options) > 0 {
		best := e.Options[0]
		return fmt.Sprintf("the best for this host is %s: %s; `fbdock doctor` says more", best.Provider, best.Install)
	}
	return "`fbdock doctor` says what each lacks"
}

// Rank gives all providers that this system could have, the best first:
// usable ones before others, and those by the speed of the engine. The others
// follow by the effort to get what they lack, those that no engine runs at
// speed with last.
// The lab's docker is never among them.
func Rank(f Facts) []Option {
	var options []Option
	for _, provider := range preference(f.OS) {
		missing, install := lacks(f, provider)
		n := bhyveIn(f, provider)
		placement, why := Place(f, provider)
		options = append(options, Option{
			Provider: provider, Usable: len(missing) == 0, Missing: strings.Join(missing, ", "), Install: install, effort: effort(f, provider, len(missing), n),
			Nesting: n.verdict, Reason: n.reason, Placement: placement, placementReason: why, Fix: n.fix,
		})
	}
	slices.SortStableFunc(options, func(a, b Option) int {
		if a.Usable != b.Usable {
			if a.Usable {
				return -1
			}
			return 1
		}
		if a.Usable {
			return cmp.Compare(b.speed(), a.speed())
		}
		if (a.speed() == 0) != (b.speed() == 0) {
			return cmp.Compare(b.speed(), a.speed())
		}
		return cmp.Or(cmp.Compare(a.effort, b.effort), cmp.Compare(b.speed(), a.speed()))
	})
	return options
}

// effort weighs what is missing. A provider that is known to work is worth
// two installations more; Hyper-V is a feature of dearer Windows, and takes
// the processor away from all others.
func effort(f Facts, provider string, missing int, n nesting) int {
	if n.verdict == Works {
		missing -= 2
	}
	if provider == "hyperv" && !f.Windows.VMMS {
		missing += 3
	}
	return missing
}

// Choose is the pick for provider = "auto".
func Choose(f Facts) (Option, error) {
	options := Rank(f)
	if len(options) == 0 || !options[0].Usable {
		return Option{}, &NoProviderError{Options: options}
	}
	return options[0], nil
}

// Why is the choice in a sentence, with what it costs.
func (o Option) Why() string {
	switch {
	case o.Placement == Sibling:
		return "the engine runs beside FreeBSD: " + o.placementReason
	case o.Nesting == Never:
		return "best of what is installed, but bhyve cannot run in it: " + o.Reason + "; `fbdock doctor` says what can be done, as `fbdock up` refuses it: an emulated engine is slow"
	}
	return o.Reason
}

// preference is the order among equals.
func preference(goos string) []string {
	switch goos {
	case "linux":
		return []string{"libvirt", "qemu", "vmware_desktop", "virtualbox"}
	case "windows":
		return []string{"vmware_desktop", "hyperv", "virtualbox", "qemu"}
	case "darwin":
		return []string{"vmware_desktop", "parallels", "virtualbox", "qemu", "utm"}
	case "freebsd":
		return []string{providerNative}
	}
	return nil
}
