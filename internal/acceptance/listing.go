package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/untrusted"
)

// listingScript lists all of FreeBSD that fbdock may change, one item a line,
// the kind of item first. Packages are named in lines of their own: destroy
// leaves them and says so. What FreeBSD itself writes between two looks (leases,
// entropy, the state of NFS) is left out.
const listingScript = `PATH=$PATH:/usr/bin:/usr/local/sbin:/usr/local/bin
sum() { if command -v sha256sum >/dev/null 2>&1; then sha256sum "$@"; else sha256 -r "$@"; fi; }
each() { while IFS= read -r line; do printf '%s %s\n' "$1" "$line"; done; }
find /etc /root /boot/loader.conf /boot/loader.conf.d -xdev -type f ! -name 'resolv.conf*' ! -name .sh_history ! -name known_hosts -print 2>/dev/null |
  sort | while IFS= read -r f; do sum "$f"; done | each file
find /usr/local /var/db /var/log /var/cron /home /boot -xdev -name '*fbdock*' -print 2>/dev/null | sort | each name
find /etc /root /usr/local/etc/rc.d -xdev -type d -print 2>/dev/null | sort | each folder
zpool list -H -o name 2>/dev/null | sort | each pool
zfs list -H -t filesystem,volume,snapshot -o name 2>/dev/null | sort | each dataset
ifconfig -l | tr ' ' '\n' | sort | each interface
pfctl -sn 2>/dev/null | each pf-nat
pfctl -sr 2>/dev/null | each pf-rule
pfctl -s info 2>/dev/null | awk 'NR == 1 { print $2 }' | each pf
sysctl -n net.inet.ip.forwarding | each forwarding
mount | sed 's/ (.*//' | sort | each mount
ls /dev/vmm 2>/dev/null | each vmm
pkg query %n 2>/dev/null | sort | each package
exit 0
`

// listing is the state of FreeBSD.
func (s *session) listing(ctx context.Context) ([]string, error) {
	out, err := s.freebsd(ctx, listingScript)
	if err != nil {
		return nil, err
	}
	lines := slices.DeleteFunc(strings.Split(out, "\n"), func(line string) bool { return line == "" })
	if len(lines) < 10 {
		return nil, fmt.Errorf("FreeBSD lists %d items only: %q", len(lines), untrusted.Short(out, maxSaid))
	}
	return lines, nil
}

// difference tells two listings apart. Packages are counted, for they are
// allowed to stay.
func difference(before, after []string) (changes []string, packages int) {
	count := func(lines []string) map[string]int {
		m := map[string]int{}
		for _, line := range lines {
			m[line]++
		}
		return m
	}
	was, is := count(before), count(after)
	for _, line := range before {
		if is[line] < was[line] {
			changes = append(changes, "gone or changed: "+line)
		}
	}
	for _, line := range after {
		if is[line] <= was[line] {
			continue
		}
		if strings.HasPrefix(line, "package ") {
			packages++
			continue
		}
		changes = append(changes, "new or changed: "+line)
	}
	return changes, packages
}
