package project

import (
	"os"
	"time"

	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/platforms"
	"github.com/fbdock/fbdock/platforms/hostpath"
	"github.com/fbdock/fbdock/provision"
)

// HostOf is what planning needs to know of the computer that the facts
// are of.
func HostOf(facts platforms.Facts) plan.Host {
	l := hostOf(facts)
	l.Provider, l.ProviderReason = choose(facts)
	l.Place = func(provider string) (string, string) { return platforms.Place(facts, provider) }
	l.Beside = func(provider string) bool { return platforms.Beside(facts, provider) }
	return l
}

func hostOf(facts platforms.Facts) plan.Host {
	return plan.Host{
		Architecture: facts.Arch, CPUs: facts.CPU.Count, Routes: facts.Networks, Proxy: facts.Proxy,
		GuestPath: func(path string) (string, error) { return hostpath.GuestPath(facts.OS, path) },
		IsDir: func(path string) bool {
			if hostfile.Remote(path) {
				return true
			}
			info, err := os.Stat(path)
			return err == nil && info.IsDir()
		},
		IsFile: func(path string) bool {
			if hostfile.Remote(path) {
				return true
			}
			info, err := os.Stat(path)
			return err == nil && info.Mode().IsRegular()
		},
		CheckCertificates: func(path string) error {
			if hostfile.Remote(path) {
				return nil
			}
			data, err := hostfile.ReadNow(path, hostfile.MaxCertificate)
			if err == nil {
				_, err = provision.ParseBundle(path, data)
			}
			return err
		},
	}
}

// RunningHost is HostOf for commands to machines that run. What
// would keep one from being started is not looked for, nor what is installed
// until a machine wants to know: to look at all of it takes longer than a
// command in a guest.
func RunningHost(quick platforms.Facts, all func() (platforms.Facts, error)) plan.Host {
	l := hostOf(quick)
	l.Choose = func() (string, string) {
		facts, err := all()
		if err != nil {
			return "", ""
		}
		return choose(facts)
	}
	return l
}

// choose is the provider for "auto". Without any the plan says so itself.
func choose(facts platforms.Facts) (provider, reason string) {
	choice, err := platforms.Choose(facts)
	if err != nil {
		return "", ""
	}
	return choice.Provider, choice.Why()
}

// Day is the day that support ends by.
func (o Options) Day() time.Time {
	if o.Today.IsZero() {
		return time.Now()
	}
	return o.Today
}
