package hcl

import (
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// check tells what is wrong with a text: problem completes the sentence
// "NAME "value" ...", detail explains the rule, hint offers a fix.
type check func(text string) (problem, detail, hint string)

const maxLabel = 40

func providers() []string {
	return []string{"auto", "virtualbox", "vmware_desktop", "libvirt", "hyperv", "parallels", "qemu", "utm", "native", "docker"}
}

// compressions are those of zfsprops(7) in OpenZFS 2.2 and later.
func compressions() []string {
	all := []string{"lz4", "zstd", "gzip", "lzjb", "zle", "on", "off", "zstd-fast"}
	for i := 1; i <= 9; i++ {
		all = append(all, "gzip-"+strconv.Itoa(i))
	}
	for i := 1; i <= 19; i++ {
		all = append(all, "zstd-"+strconv.Itoa(i))
	}
	for _, i := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000} {
		all = append(all, "zstd-fast-"+strconv.Itoa(i))
	}
	return all
}

// dnsLabel is RFC 1123, in lower case because the names become folders on
// file systems that know no case.
func dnsLabel(s string) (problem, detail, hint string) {
	if s == toLabel(s) && s != "" {
		return "", "", ""
	}
	if l := toLabel(s); l != "" {
		hint = "try " + quote(l)
	}
	return "is not a DNS label", fmt.Sprintf("It must have lower-case letters, digits and hyphens only, begin and end with a letter or digit, "+
		"and have at most %d characters.", maxLabel), hint
}

func machineName(s string) (problem, detail, hint string) { return dnsLabel(s) }

// toLabel is the DNS label nearest to s; s itself if it is one.
func toLabel(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
		if b.Len() == maxLabel {
			break
		}
	}
	return strings.Trim(b.String(), "-")
}

func variableName(s string) (problem, detail, hint string) {
	if hclsyntax.ValidIdentifier(s) {
		return "", "", ""
	}
	return "is not a name", "It must begin with a letter and have letters, digits, underscores and hyphens only.", ""
}

func matches(re *regexp.Regexp, problem, detail string) check {
	return func(s string) (string, string, string) {
		if re.MatchString(s) {
			return "", "", ""
		}
		return problem, detail, ""
	}
}

func poolName(s string) (problem, detail, hint string) {
	const rule = "A pool's name begins with a letter and has letters, digits and the characters _ - . : only; " +
		"mirror, raidz, draid, spare and log are ZFS's own words."
	re := regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]{0,254}$`)
	for _, reserved := range []string{"mirror", "raidz", "draid", "spare"} {
		if strings.HasPrefix(s, reserved) {
			return "is not a name for a ZFS pool", rule, ""
		}
	}
	if s == "log" {
		return "is not a name for a ZFS pool", rule, ""
	}
	return matches(re, "is not a name for a ZFS pool", rule)(s)
}

// oneLine accepts what can stand in one line of a file: every rendered
// format quotes the rest.
func oneLine(s string) (problem, detail, hint string) {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return "has a control character", "Line breaks, tabs and the like cannot stand here.", ""
	}
	return "", "", ""
}

func folderName(s string) (problem, detail, hint string) {
	if strings.TrimSpace(s) == "" {
		return "is not a path", "It is empty.", ""
	}
	return oneLine(s)
}

func notEmpty(s string) (problem, detail, hint string) {
	if strings.TrimSpace(s) == "" {
		return "is empty", "", ""
	}
	return "", "", ""
}

func imageName(s string) (problem, detail, hint string) { return folderName(s) }

func guestPath(s string) (problem, detail, hint string) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return "is not an absolute path", `It is a path of the guests, as in "/src".`, ""
	case path.Clean(s) == "/":
		return "is the root folder", "The guests have their own; take a folder below it.", ""
	case path.Clean(s) != strings.TrimSuffix(s, "/"):
		return "is not a plain path", "It has empty parts, \".\" or \"..\".", "try " + quote(path.Clean(s))
	}
	return oneLine(s)
}

func webURL(s string) (problem, detail, hint string) {
	return checkURL(s, "https", "http")
}

// mirrorURL is the address of a folder. A user in it would be a secret that is
// shown and asked about.
func mirrorURL(s string) (problem, detail, hint string) {
	if problem, detail, hint = webURL(s); problem != "" {
		return problem, detail, hint
	}
	u, err := url.Parse(s)
	at := "/" + strings.Trim(s[strings.Index(s, "://")+len("://"):], "/")
	if err != nil || u.User != nil || strings.ContainsAny(s, "?#%\\ ") || path.Clean(at) != at {
		return "is not the address of a mirror", "It is the address of a folder, without a user, a query or escaped characters.", ""
	}
	return "", "", ""
}

func proxyURL(s string) (problem, detail, hint string) {
	return checkURL(s, "http", "https", "socks5", "socks5h")
}

func checkURL(s string, schemes ...string) (problem, detail, hint string) {
	u, err := url.Parse(s)
	if err == nil && u.Host != "" {
		if slices.Contains(schemes, u.Scheme) {
			return oneLine(s)
		}
	}
	if !strings.Contains(s, "://") && !strings.ContainsFunc(s, unicode.IsSpace) && s != "" {
		hint = "try " + quote(schemes[0]+"://"+s)
	}
	return "is not a URL", "It must begin with " + list(schemes) + " and name a host.", hint
}

// registry is a host with an optional port, or a network.
func registry(s string) (problem, detail, hint string) {
	if _, err := netip.ParsePrefix(s); err == nil {
		return "", "", ""
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		return "is a URL", "A registry is a host with an optional port.", "try " + quote(strings.TrimRight(rest, "/"))
	}
	re := regexp.MustCompile(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)(:[0-9]{1,5})?$`)
	return matches(re, "is not a registry", `A registry is a host with an optional port, as in "registry.local:5000", or a network.`)(s)
}

// guestPort is a port with an optional protocol, TCP by default.
func guestPort(s string) (problem, detail, hint string) {
	number, protocol, named := strings.Cut(s, "/")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 || named && protocol != "tcp" && protocol != "udp" || strconv.FormatUint(n, 10) != number {
		return "is not a port", `A port is a number from 1 to 65535, followed by /udp where it is not TCP: "5432", "53/udp".`, ""
	}
	return "", "", ""
}

// atLeast accepts a duration of at least that.
func atLeast(least time.Duration) check {
	return func(s string) (problem, detail, hint string) {
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			return "is not a duration", `A duration is a number with its unit, s, m or h: "90s", "15m", "1h30m".`, ""
		case d < least:
			return "is too short", fmt.Sprintf("The least is %s.", least), ""
		case d > maxDuration:
			return "is too long", fmt.Sprintf("The most is %s.", maxDuration), ""
		}
		return "", "", ""
	}
}

const maxDuration = 24 * time.Hour

// quote shows a text of the user's within our own, however odd it is.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strconv.Quote(s)
}
