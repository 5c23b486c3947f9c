//go:build linux

package main

import "strings"

const bootstrapWords = "The package management tool is not yet installed on your system.\n" +
	"Please set ASSUME_ALWAYS_YES=yes environment variable to be able to bootstrap in non-interactive (stdin not being a tty)\n"

func pkgBootstrap(l *lab, have []string, ready bool) int {
	if ready {
		l.printf("pkg already bootstrapped at /usr/local/sbin/pkg\n")
		return 0
	}
	if !pkgReaches(l) {
		return bootstrapFails(l)
	}
	l.save(lasting+"pkg", append(have, "pkg"))
	l.printf("Installing pkg-2.3.1...\n")
	return 0
}

// pkgReaches says whether the package repositories answer.
func pkgReaches(l *lab) bool {
	return l.conf("pkg", "ready") != "offline" && l.conf("network", "yes") != "no"
}

// bootstrapFails says what pkg(7) of 14.2 and of 15.1 says without a network: the later one asks each repository in turn.
func bootstrapFails(l *lab) int {
	if !strings.HasPrefix(release(l), "14.") {
		for _, repository := range []string{"quarterly", "kmods_quarterly_1"} {
			l.printf("Bootstrapping pkg from https://pkg.FreeBSD.org/FreeBSD:15:amd64/%s, please wait...\n", repository)
			l.errorf("pkg: Error fetching https://pkg.FreeBSD.org/FreeBSD:15:amd64/%s/Latest/pkg.pkg: Host does not resolve\n", repository)
		}
		return 1
	}
	for _, kind := range []string{"pkg", "txz"} {
		l.errorf("pkg: Attempted to fetch https://pkg.FreeBSD.org/FreeBSD:14:amd64/quarterly/Latest/pkg.%s\n", kind)
	}
	l.errorf("pkg: Error: Host does not resolve\nAddress resolution failed for https://pkg.FreeBSD.org/FreeBSD:14:amd64/quarterly.\nConsider changing PACKAGESITE.\n")
	l.printf("Bootstrapping pkg from pkg+https://pkg.FreeBSD.org/FreeBSD:14:amd64/quarterly, please wait...\n")
	return 1
}

// pkgOnline fetches the catalogue, which lasts.
func pkgOnline(l *lab) int {
	if !pkgReaches(l) {
		l.errorf("pkg: Repository FreeBSD cannot be opened. 'pkg update' required\npkg: https://pkg.FreeBSD.org/FreeBSD:14:amd64/quarterly/meta.txz: No address record\n")
		return 1
	}
	l.save(lasting+"pkgcatalogue", true)
	return 0
}

// catalogue says whether there is a catalogue to ask: an older one answers without a network, none never does.
func catalogue(l *lab) bool {
	var fetched bool
	l.load(lasting+"pkgcatalogue", &fetched)
	return fetched || pkgOnline(l) == 0
}
