package contract

import (
	"regexp"
	"strconv"
	"strings"
)

// JailSite is where FreeBSD publishes the base systems that jails are made of.
const JailSite = "https://download.freebsd.org/ftp/releases"

// JailBaseURL is where the base system of a release is; architecture is in
// FreeBSD's own words, as of uname -m.
func JailBaseURL(release, architecture string) string {
	folder := architecture + "/" + architecture
	if architecture == "arm64" {
		folder = "arm64/aarch64"
	}
	return JailSite + "/" + folder + "/" + release + "-RELEASE/base.txz"
}

// JailRoot is where the file systems of jails are in the guest.
const JailRoot = "/var/jails"

// JailLog is where a jail's console goes.
func JailLog(name string) string { return "/var/log/jail_" + name + "_console.log" }

// Jail is one jail as fbdock-jail tells of it.
type Jail struct {
	Name string `json:"name"`
	// State is running, stopped, or "waiting" for a folder of the host.
	State   string `json:"state"`
	Release string `json:"release"`
	Address string `json:"address"` // "inherit" for the guest's own
	// Declared tells that the configuration has it, as it was applied last.
	Declared bool `json:"declared"`
	Boot     bool `json:"boot"`
	// Used is what its files take, in bytes.
	Used     int64  `json:"used"`
	Hostname string `json:"hostname"`
}

// ParseJails reads the lines of `fbdock-jail list`: "fbdock-jail NAME STATE
// RELEASE ADDRESS declared|by-hand boot|manual USED HOSTNAME".
func ParseJails(out string) []Jail {
	jails := []Jail{}
	for rest := range lines(out, "fbdock-jail ") {
		f := strings.Fields(rest)
		if len(f) != 8 {
			continue
		}
		used, err := strconv.ParseInt(f[6], 10, 64)
		if err != nil || used < 0 {
			used = 0
		}
		jails = append(jails, Jail{
			Name: f[0], State: f[1], Release: f[2], Address: f[3], Declared: f[4] == "declared", Boot: f[5] == "boot",
			Used: used, Hostname: f[7],
		})
	}
	return jails
}

// JailBase is a base system that the guest has checked against its MANIFEST.
type JailBase struct{ Release, Architecture, SHA512 string }

var jailBase = regexp.MustCompile(`^([1-9][0-9]\.[0-9]) ([a-z0-9]{1,16}) ([0-9a-f]{128})$`)

// ParseJailBases reads the lines of `fbdock-jail bases`: "fbdock-jail-base
// RELEASE ARCHITECTURE SHA512". What has another form is left out: it would end
// in the lock file.
func ParseJailBases(out string) []JailBase {
	var bases []JailBase
	for rest := range lines(out, "fbdock-jail-base ") {
		if f := jailBase.FindStringSubmatch(rest); f != nil {
			bases = append(bases, JailBase{f[1], f[2], f[3]})
		}
	}
	return bases
}

// JailLimit is one line on the limits of a jail or on what it uses.
type JailLimit struct {
	Used  bool
	Name  string // memory, cpus, or "off" where the kernel does not count
	Value int64  // 0 is none
}

// ParseJailLimits reads the lines of `fbdock-jail limits`: "fbdock-jail-limit
// NAME VALUE" and "fbdock-jail-used NAME VALUE".
func ParseJailLimits(out string) []JailLimit {
	var limits []JailLimit
	for _, word := range []string{"fbdock-jail-limit ", "fbdock-jail-used "} {
		for rest := range lines(out, word) {
			name, text, _ := strings.Cut(rest, " ")
			value, err := strconv.ParseInt(text, 10, 64)
			if err != nil || value < 0 {
				value = 0
			}
			limits = append(limits, JailLimit{Used: word == "fbdock-jail-used ", Name: name, Value: value})
		}
	}
	return limits
}
