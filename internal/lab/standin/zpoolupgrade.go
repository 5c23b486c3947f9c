//go:build linux

package main

import (
	"strings"
)

// features are those that the lab knows, all of a pool or none.
func features() []string {
	return []string{"async_destroy", "empty_bpobj", "lz4_compress", "zstd_compress"}
}

// feature is what a compression needs of its pool, "" for nothing.
func feature(compression string) string {
	switch {
	case compression == "lz4":
		return "lz4_compress"
	case strings.HasPrefix(compression, "zstd"):
		return "zstd_compress"
	}
	return ""
}

// tooOld says whether the pool of a dataset lacks what a compression needs.
func (s *store) tooOld(name, compression string) bool {
	return s.Pools[strings.SplitN(name, "/", 2)[0]].Bare && feature(compression) != ""
}

// notEnabled is what zpool status of 15.1 says of a pool that makefs(8) has made.
const notEnabled = "status: Some supported and requested features are not enabled on the pool.\n\tThe pool can still be used, but some features are unavailable.\n" +
	"action: Enable all features using 'zpool upgrade'. Once this is done,\n\tthe pool may no longer be accessible by software that does not support\n" +
	"\tthe features. See zpool-features(7) for details.\n"

func zpoolUpgrade(l *lab, s *store, args []string) int {
	opts, rest, bad := getopt(args, ":avV:")
	if bad != "" || has(opts, 'v') || has(opts, 'V') || has(opts, 'a') == (len(rest) > 0) && len(args) > 0 {
		return zfsBad(l, "upgrade\n\tupgrade -v\n\tupgrade [-V version] <-a | pool ...>", bad)
	}
	l.printf("This system supports ZFS pool feature flags.\n\n")
	if has(opts, 'a') {
		rest = s.poolNames(false)
	}
	for _, name := range rest {
		p := poolNamed(l, s, name)
		switch {
		case p == nil:
			return 1
		case !p.Bare:
			l.printf("Pool '%s' already has all supported and requested features enabled.\n", name)
			continue
		}
		p.Bare = false
		l.printf("Enabled the following features on '%s':\n  %s\n\n", name, strings.Join(features(), "\n  "))
		if name == "zroot" {
			l.printf("Pool '%s' has the bootfs property set, you might need to update the boot code.\nSee gptzfsboot(8) and loader.efi(8) for details.\n", name)
		}
	}
	return 0
}
