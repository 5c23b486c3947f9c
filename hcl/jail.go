package hcl

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Jail is one FreeBSD jail of the guest.
type Jail struct {
	Name       string
	Release    string // as in 15.1; "" is the guest's own
	Hostname   string
	Network    string // vnet or inherit; "" is vnet
	Address    netip.Addr
	Packages   []string
	Forward    []string // as in 8080:80/tcp
	Mounts     []JailMount
	Memory     Size // 0 is no limit
	CPUs       int
	Boot       bool
	Allow      []string
	Provisions []JailProvision
}

// JailMount is a folder of the host, which one of the machine's mounts has,
// seen in a jail.
type JailMount struct {
	Source   string
	Target   string // "" is the same path as in the guest
	ReadOnly bool
}

// JailProvision is a script that runs in a jail.
type JailProvision struct {
	Name, Inline, Script string
}

func jailSchema(x *Jail) Block {
	return Block{
		Name: "jail", Label: "NAME", check: jailName,
		Doc:   "A FreeBSD jail in the guest: a clone of a release's base system. `fbdock up` makes it, and changes it to what the block says.",
		begin: func(*scope) { x.Boot = true },
		end:   x.end,
		Attributes: []Attribute{
			{Name: "release", into: text(&x.Release), Default: "that of the guest", Example: `"15.1"`, check: releaseName, Doc: "the release of FreeBSD in the jail, which may not be newer than the guest's kernel"},
			{Name: "hostname", into: text(&x.Hostname), Default: "NAME", Example: `"web.example"`, check: hostName, Doc: "the host name in the jail"},
			{
				Name: "network", into: text(&x.Network), Default: "vnet", Example: `"vnet"`, Values: []string{"vnet", "inherit"},
				Doc: "`vnet` is a network stack and an address of the jail's own, with NAT to the outside; `inherit` is the guest's network",
			},
			{Name: "address", into: address(&x.Address), Default: "one of `jail_network` that comes from the name", Example: `"10.79.0.20"`, Doc: "the jail's address with `vnet`"},
			{Name: "packages", into: texts(&x.Packages), Default: "[]", Example: `["nginx"]`, check: packageName, Doc: "packages to install in the jail"},
			{
				Name: "forward", into: texts(&x.Forward), Default: "[]", Example: `["8080:80"]`, check: jailForward,
				Doc: "TCP ports of the host that lead to the jail, as `HOST:JAIL`",
			},
			{Name: "memory", into: size(&x.Memory), Default: "no limit", Example: `"512MiB"`, Doc: "the most memory that the jail may use, by rctl(8)"},
			{Name: "cpus", into: whole(&x.CPUs), Default: "no limit", Example: `1`, Min: 1, Doc: "how many CPUs' worth of time the jail may use, by rctl(8)"},
			{Name: "boot", into: boolean(&x.Boot), Default: "true", Example: `false`, Doc: "start the jail with the guest, and by `fbdock up`"},
			{Name: "allow", into: texts(&x.Allow), Default: "[]", Example: `["raw_sockets"]`, check: jailAllow, Doc: "parameters of jail(8) that begin with `allow.`, without that word"},
		},
		Blocks: []Block{each(&x.Mounts, jailMountSchema), each(&x.Provisions, jailProvisionSchema)},
	}
}

func (x *Jail) end(s *scope) {
	x.Name = s.label
	if x.Network == "inherit" && x.Address.IsValid() {
		s.d.c.fail(s.valueAt("address"), s.title()+" has an address and no network of its own", `With network = "inherit" the jail has the guest's addresses.`, "leave address out")
	}
}

func jailMountSchema(x *JailMount) Block {
	return Block{
		Name: "mount", Label: "FOLDER", check: folderName,
		Doc: "A folder of the host seen in the jail, by nullfs(5). One of the machine's mounts has to have it.",
		end: func(s *scope) { x.Source = s.label },
		Attributes: []Attribute{
			{Name: "target", into: text(&x.Target), Default: "the same path as in the guest", Example: `"/src"`, check: jailPath, Doc: "where the jail sees it"},
			{Name: "read_only", into: boolean(&x.ReadOnly), Default: "as the machine's mount", Example: `true`, Doc: "keep the jail from writing"},
		},
	}
}

func jailProvisionSchema(x *JailProvision) Block {
	var p Provision
	return Block{
		Name: "provision", Label: "NAME", check: dnsLabel,
		Doc:   "A shell script of your own that runs in the jail, once for each content. It has either `inline` or `script`.",
		begin: func(*scope) { p = Provision{} },
		end: func(s *scope) {
			p.end(s)
			*x = JailProvision{Name: p.Name, Inline: p.Inline, Script: p.Script}
		},
		Attributes: []Attribute{
			{Name: "inline", into: text(&p.Inline), Example: `"sysrc nginx_enable=YES"`, check: notEmpty, Doc: "the script itself"},
			{Name: "script", into: text(&p.Script), Example: `"web.sh"`, check: folderName, Doc: "a file with the script, relative to the folder of the configuration"},
		},
	}
}

// jailName is a DNS label that jail(8) does not take for the number of a jail.
func jailName(s string) (problem, detail, hint string) {
	if strings.Trim(s, "0123456789") == "" && s != "" {
		return "is a number", "jail(8) takes a number for the id of a jail.", "try " + quote("jail"+s)
	}
	return dnsLabel(s)
}

func releaseName(s string) (problem, detail, hint string) {
	if rest, ok := strings.CutSuffix(s, "-RELEASE"); ok {
		return "is not a release", `It is a number with a point, as in "15.1".`, "try " + quote(rest)
	}
	return matches(regexp.MustCompile(`^[1-9][0-9]\.[0-9]$`), "is not a release", `It is a number with a point, as in "15.1".`)(s)
}

func hostName(s string) (problem, detail, hint string) {
	return matches(regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$`), "is not a host name",
		"It has letters, digits, hyphens and points only.")(s)
}

func packageName(s string) (problem, detail, hint string) {
	return matches(regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.+/-]{0,127}$`), "is not a package", `It is a name or an origin, as in "nginx" or "www/nginx".`)(s)
}

// jailPath is a guestPath that can stand in fstab(5) and jail.conf(5) as it is.
func jailPath(s string) (problem, detail, hint string) {
	if problem, detail, hint = guestPath(s); problem != "" {
		return problem, detail, hint
	}
	return matches(regexp.MustCompile(`^/[A-Za-z0-9._/+@-]+$`), "is not a path for a jail", "It has letters, digits and the characters . _ / + @ - only.")(s)
}

func jailForward(s string) (problem, detail, hint string) {
	host, jail, ok := strings.Cut(s, ":")
	if ok {
		for _, port := range []string{host, jail} {
			if strings.Contains(port, "/") {
				return "is not a pair of ports", "Ports of jails are TCP.", ""
			}
			if problem, _, _ := guestPort(port); problem != "" {
				ok = false
			}
		}
	}
	if !ok {
		return "is not a pair of ports", `It is a port of the host and one of the jail, as in "8080:80".`, ""
	}
	return "", "", ""
}

// JailParameters are the parameters allow.* of jail(8) in FreeBSD 14 and 15.
func JailParameters() []string {
	return []string{
		"adjtime", "chflags", "extattr", "mlock", "mount", "mount.devfs", "mount.fdescfs", "mount.fusefs", "mount.linprocfs",
		"mount.linsysfs", "mount.nullfs", "mount.procfs", "mount.tmpfs", "mount.zfs", "nfsd", "quotas", "raw_sockets", "read_msgbuf",
		"reserved_ports", "routing", "set_hostname", "setaudit", "settime", "socket_af", "suser", "sysvipc", "unprivileged_parent_tampering",
		"unprivileged_proc_debug", "vmm",
	}
}

func jailAllow(s string) (problem, detail, hint string) {
	if slices.Contains(JailParameters(), s) {
		return "", "", ""
	}
	if rest, ok := strings.CutPrefix(s, "allow."); ok && slices.Contains(JailParameters(), rest) {
		return "has allow. before it", "", "write " + quote(rest)
	}
	return "is not a parameter of jail(8)", fmt.Sprintf("There is no allow.%s in FreeBSD 14 or 15.", s), didYouMean(s, JailParameters())
}

// Check finds what is wrong with the texts of a jail that no file describes.
func (x Jail) Check() error {
	check := func(what string, c check, texts ...string) error {
		for _, text := range texts {
			if problem, detail, hint := c(text); problem != "" {
				if hint != "" {
					detail += " (" + hint + ")"
				}
				return fmt.Errorf("%s %s %s: %s", what, quote(text), problem, detail)
			}
		}
		return nil
	}
	var named, hosted []string
	if x.Release != "" {
		named = []string{x.Release}
	}
	if x.Hostname != "" {
		hosted = []string{x.Hostname}
	}
	errs := []error{
		check("the name", jailName, x.Name), check("release", releaseName, named...), check("hostname", hostName, hosted...),
		check("package", packageName, x.Packages...), check("forward", jailForward, x.Forward...), check("allow", jailAllow, x.Allow...),
	}
	if x.Network != "" && x.Network != "vnet" && x.Network != "inherit" {
		errs = append(errs, fmt.Errorf("network %s is neither vnet nor inherit", quote(x.Network)))
	}
	if x.Network == "inherit" && x.Address.IsValid() {
		errs = append(errs, errors.New("with network inherit the jail has the guest's addresses and none of its own"))
	}
	for _, m := range x.Mounts {
		if m.Target != "" {
			errs = append(errs, check("mount target", jailPath, m.Target))
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
