package jail

import (
	"context"
	"fmt"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
	"github.com/fbdock/fbdock/provision/contract"
)

// Renewals are the declared jails of m that are of another release than the
// configuration says. A guest that does not tell has none: its steps refuse
// what nobody has agreed to.
func Renewals(ctx context.Context, g *machine.Guest, m plan.Machine) []provision.JailRenewal {
	wanted := map[string]string{}
	for _, j := range m.Jails {
		if j.Release != "" {
			wanted[j.Name] = j.Release
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	out, err := g.Output(ctx, link.Command{Args: command(g, "list")})
	if err != nil || out.Status != 0 {
		return nil
	}
	var all []provision.JailRenewal
	for _, j := range contract.ParseJails(out.Stdout) {
		to := wanted[j.Name]
		if to == "" || to == j.Release || j.Release == "" || (hcl.Jail{Name: j.Name, Release: j.Release}).Check() != nil {
			continue
		}
		delete(wanted, j.Name) // a guest may name one twice
		all = append(all, provision.JailRenewal{Name: j.Name, From: j.Release, To: to})
	}
	return all
}

// RenewalQuestion asks for the user's consent.
func RenewalQuestion(machine string, all []provision.JailRenewal) string {
	var named []string
	for _, one := range all {
		named = append(named, fmt.Sprintf("%s (FreeBSD %s to %s)", one.Name, one.From, one.To))
	}
	return fmt.Sprintf("Make these jails of %s anew: %s? Their packages and provision scripts run again; all other files stay behind, each in a dataset that is kept.",
		machine, strings.Join(named, ", "))
}
