package provision

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision/contract"
)

// jailPinsFile holds the digests of base systems that the lock file knows, a
// line "RELEASE ARCHITECTURE SHA512" each. It is no part of Payload.Hash: what
// is pinned after a run is no reason for another.
const jailPinsFile = "jail-pins"

// jailRenewalsFile holds the jails that the user has agreed to have made anew, a
// line "NAME FROM TO" each. It is of one run, and no part of Payload.Hash.
const jailRenewalsFile = "jail-renewals"

// JailRenewal is a jail of release From that is to be of release To.
type JailRenewal struct{ Name, From, To string }

// WithRenewals is the payload with the user's consent to make jails anew.
func (p Payload) WithRenewals(all []JailRenewal) Payload {
	var lines strings.Builder
	for _, one := range all {
		fmt.Fprintf(&lines, "%s %s %s\n", one.Name, one.From, one.To)
	}
	files := slices.DeleteFunc(slices.Clone(p.Files), func(f File) bool { return f.Path == jailRenewalsFile })
	if len(all) > 0 {
		files = append(files, File{jailRenewalsFile, 0o644, []byte(lines.String())})
	}
	return Payload{Files: files}
}

// jailFiles are, for each jail, its settings and its scripts.
func jailFiles(m plan.Machine, in Inputs) ([]File, error) {
	var files []File
	if len(m.Jails) > 0 && in.JailPins != "" {
		files = append(files, File{jailPinsFile, 0o644, []byte(in.JailPins)})
	}
	for _, j := range m.Jails {
		settings, err := JailSettings(m, j)
		if err != nil {
			return nil, fmt.Errorf("jail %q: %w", j.Name, err)
		}
		dir := "jails/" + j.Name + "/"
		files = append(files, File{dir + "settings", 0o600, settings})
		for i, p := range j.Provisions {
			if i > 99 || !shareName.MatchString(p.Name) {
				return nil, fmt.Errorf("jail %q: provision %q: the name must be a DNS label, and there may be 100 of them", j.Name, p.Name)
			}
			files = append(files, File{fmt.Sprintf("%s%02d-%s", dir, i, p.Name), 0o600, []byte(p.Inline)})
		}
	}
	return files, nil
}

// jailPath is what fstab(5) takes without quoting.
var jailPath = regexp.MustCompile(`^/[^\x00-\x20"'\\#$;{}\x7f-\x{10ffff}]*$`)

// JailSettings is what fbdock-jail in the guest reads of one jail: sh
// assignments.
func JailSettings(m plan.Machine, j plan.Jail) ([]byte, error) {
	if err := (hcl.Jail{Name: j.Name, Release: j.Release, Hostname: j.Hostname, Packages: j.Packages, Allow: j.Allow}).Check(); err != nil {
		return nil, err
	}
	var mounts []string
	for _, mount := range j.Mounts {
		if !jailPath.MatchString(mount.Source) || !jailPath.MatchString(mount.Target) {
			return nil, fmt.Errorf("%q cannot be mounted at %q: fstab(5) does not take such a path", mount.Source, mount.Target)
		}
		mode := "rw"
		if mount.ReadOnly {
			mode = "ro"
		}
		mounts = append(mounts, strings.Join([]string{mount.Source, mount.Target, mode, cmp.Or(mount.Mount, "-")}, " "))
	}
	var out env
	for _, kv := range [][2]string{
		{"jail_release", j.Release},
		{"jail_hostname", j.Hostname},
		{"jail_address", addressText(j)},
		{"jail_packages", strings.Join(j.Packages, " ")},
		{"jail_mounts", strings.Join(mounts, "\n")},
		{"jail_memory", limit(uint64(j.Memory))},
		{"jail_cpus", limit(uint64(j.CPUs))},
		{"jail_boot", yes(j.Boot)},
		{"jail_allow", strings.Join(j.Allow, " ")},
	} {
		out.set(kv[0], kv[1])
	}
	return out.bytes()
}

// addressText is empty for a jail in the guest's own network.
func addressText(j plan.Jail) string {
	if !j.Address.IsValid() {
		return ""
	}
	return j.Address.String()
}

func limit(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// jailValues are those of fbdock.env that are about jails.
func jailValues(m plan.Machine) [][2]string {
	var names []string
	limits := false
	for _, j := range m.Jails {
		names = append(names, j.Name)
		limits = limits || j.Memory > 0 || j.CPUs > 0
	}
	network := m.Jailnet()
	values := [][2]string{
		{"FBDOCK_JAILS", strings.Join(names, " ")},
		{"FBDOCK_JAIL_LIMITS", yes(limits)},
		{"FBDOCK_JAIL_NETWORK", network.Masked().String()},
		{"FBDOCK_JAIL_PREFIX", strconv.Itoa(network.Bits())},
		{"FBDOCK_JAIL_GATEWAY", m.JailGateway().String()},
		{"FBDOCK_JAIL_BRIDGE", m.JailInterface()},
		{"FBDOCK_JAIL_SITE", contract.JailSite},
	}
	if mirror := m.Mirrors.FreeBSD; mirror != "" && len(m.Jails) > 0 {
		values = append(values, [2]string{"FBDOCK_JAIL_MIRROR", strings.TrimSuffix(mirror, "/")})
	}
	return values
}
