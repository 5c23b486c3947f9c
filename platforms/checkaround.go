package platforms

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/platforms/hostshell"
	"github.com/fbdock/fbdock/platforms/placement"
)

// surroundings checks what lies around the machine: networks, proxies, the
// environment.
func (d *doctor) surroundings() {
	d.network()
	d.proxy()
	d.environment()
	if len(d.Unread) > 0 {
		d.warn("facts", "could not be read: "+strings.Join(d.Unread, "; "), "what is not known was taken for good", Remedy{})
	}
}

func (d *doctor) network() {
	if d.ownComputer() {
		// Once it is up the engine's network is one of this computer's own.
		d.skip("network", "looked at by `fbdock up` where the engine is")
		return
	}
	if d.placed == Sibling && !placement.Network(d.choice.Provider) && d.choice.Provider != "" {
		d.skip("network", "there is none between FreeBSD and the engine: the agent leads FreeBSD to it")
		return
	}
	want := d.want.Network
	if !want.IsValid() {
		want = netip.MustParsePrefix("10.77.0.0/24")
	}
	for _, n := range d.Networks {
		if n.Overlaps(want) {
			d.fail("network", fmt.Sprintf("%s, the engine's network, overlaps %s, which this computer reaches by a card or a VPN", want, n),
				"one of the two would not be reached from the guests", words(`choose another in the engine block: network = "`+d.free()+`"`))
			return
		}
	}
	d.pass("network", want.String()+" is free")
}

// free finds a network that nothing here overlaps.
func (d *doctor) free() string {
	for _, candidate := range []string{"10.91.0.0/24", "172.29.77.0/24", "192.168.177.0/24", "198.18.77.0/24"} {
		p := netip.MustParsePrefix(candidate)
		if !slices.ContainsFunc(d.Networks, p.Overlaps) {
			return candidate
		}
	}
	return "100.64.77.0/24"
}

// proxy looks for one that only this computer can reach: in the guests
// 127.0.0.1 is the guests.
func (d *doctor) proxy() {
	for _, p := range []string{d.Proxy.HTTPS, d.Proxy.HTTP} {
		if p == "" {
			continue
		}
		host := p
		if u, err := url.Parse(p); err == nil && u.Hostname() != "" {
			host = u.Hostname()
		}
		if a, err := netip.ParseAddr(host); host == "localhost" || err == nil && a.IsLoopback() {
			d.warn("proxy", "the proxy of this computer is at "+host, "in the guests "+host+" is the guest itself, and they reach nothing through it",
				words("set engine { proxy { https = ... } } to an address that the guests reach"))
			return
		}
		d.pass("proxy", "the guests use that of this computer")
		return
	}
	d.pass("proxy", "none")
}

func (d *doctor) environment() {
	var others []string
	for _, name := range d.Variables {
		if strings.HasPrefix(name, "VAGRANT_") && name != "VAGRANT_HOME" && name != "VAGRANT_SERVER_URL" {
			others = append(others, name)
		}
	}
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT"} {
		if slices.Contains(d.Variables, name) {
			d.warn("environment", name+" is set", "docker on this computer follows it and not fbdock's context; `fbdock docker` does not look at it",
				commands(d.unset(name)))
			return
		}
	}
	if slices.Contains(d.AwkwardHome, "percent") && slices.Contains(d.AwkwardHome, "spaces") && d.OS == "windows" {
		d.warn("home", "the home folder's path holds spaces and a percent sign", "Vagrant cannot hand such a path of a key to ssh",
			words("set VAGRANT_HOME to a plain path, and keep projects outside of the home folder"))
	} else if slices.Contains(d.AwkwardHome, "non-ascii") && d.OS == "windows" && !slices.Contains(d.Variables, "VAGRANT_HOME") {
		d.warn("home", "the home folder's path holds characters beyond ASCII", "Vagrant and its tools on Windows stumble over them",
			words(`set VAGRANT_HOME to a plain path, such as C:\vagrant`))
	}
	if len(others) > 0 {
		d.pass("environment", strings.Join(others, ", ")+": set, and kept from the Vagrant that fbdock starts")
		return
	}
	d.pass("environment", "nothing in the way")
}

func (d *doctor) unset(name string) string {
	switch {
	case d.OS == "windows" && d.Shell == hostshell.Cmd:
		return "set " + name + "="
	case d.OS == "windows" && d.Shell != hostshell.POSIX:
		return "Remove-Item Env:" + name
	}
	return "unset " + name
}
