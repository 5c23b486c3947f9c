package app

import (
	"os"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/platforms"
)

// LaptopOf is what planning needs to know of the computer that the facts
// are of.
func LaptopOf(facts platforms.Facts) plan.Laptop {
	l := plan.Laptop{
		Architecture: facts.Arch, CPUs: facts.CPU.Count, Routes: facts.Networks, Proxy: hcl.Proxy(facts.Proxy),
		GuestPath: func(path string) (string, error) { return platforms.GuestPath(facts.OS, path) },
		IsDir:     func(path string) bool { info, err := os.Stat(path); return err == nil && info.IsDir() },
		IsFile:    func(path string) bool { info, err := os.Stat(path); return err == nil && info.Mode().IsRegular() },
	}
	// Without any provider the plan says so itself.
	if choice, err := platforms.Choose(facts); err == nil {
		l.Provider, l.ProviderReason = choice.Provider, choice.Why()
	}
	return l
}
