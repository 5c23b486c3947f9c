package provision

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/fbdock/fbdock/internal/plan"
)

// seedFiles are the engine's NoCloud seed. The seed step in FreeBSD fills in
// what only the guest knows: its name servers (@DNS@), whether the hypervisor has
// 9P, and the instance-id, the hash of all of it (@ID@).
func seedFiles(m plan.Machine, in Inputs) ([]File, error) {
	user, err := userData(m, in)
	if err != nil {
		return nil, err
	}
	return []File{
		{"seed/meta-data", 0o600, metaData(m, in)},
		{"seed/network-config", 0o600, networkConfig(m)},
		{"seed/user-data", 0o600, user},
	}, nil
}

// metaData names the machine. network-interfaces is for tiny-cloud images,
// which know network-config only since 2026.
func metaData(m plan.Machine, in Inputs) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "instance-id: fbdock-@ID@\nlocal-hostname: %s\npublic-keys:\n", m.Name)
	for _, key := range []SSHKey{in.Secrets.EngineKey, in.Secrets.GuestKey} {
		fmt.Fprintf(&b, "  - %s\n", key.Authorized)
	}
	fmt.Fprintf(&b, `network-interfaces: |
  auto lo
  iface lo inet loopback

  auto eth0
  iface eth0 inet static
    address %s/%d
    gateway %s
    dns-nameservers @DNS@
`, m.Engine.Address, m.Engine.Network.Bits(), m.Engine.Gateway)
	return b.Bytes()
}

func networkConfig(m plan.Machine) []byte {
	return fmt.Appendf(nil, `version: 2
ethernets:
  eth0:
    match:
      macaddress: "%s"
    set-name: eth0
    dhcp4: false
    addresses:
      - %s/%d
    gateway4: %s
    nameservers:
      addresses: [@DNS@]
`, strings.ToLower(m.Engine.MAC), m.Engine.Address, m.Engine.Network.Bits(), m.Engine.Gateway)
}

// EngineSetup is the script that root runs in an engine beside FreeBSD: the same
// that one in FreeBSD has in its seed. It holds keys.
func EngineSetup(m plan.Machine, in Inputs) ([]byte, error) { return userData(m, in) }

// EngineSetupCommand is what root runs in such an engine with the script on
// standard input. It says "same" where the engine was set up by this script, whose
// data disk may have grown, else
// "begun", and leaves the script running: it ends with the file EngineSeeded or
// with a line "fbdock-seed fail" in EngineLog.
const EngineSetupCommand = `umask 077
dir=/var/lib/fbdock
mkdir -p "$dir" && cat >"$dir/setup.sent" || exit 1
if cmp -s "$dir/setup.sent" "$dir/setup" && [ -e "$dir/seeded" ]; then
  rm -f "$dir/setup.sent"
  ! disk=$(findfs LABEL=fbdock-data 2>/dev/null) || resize2fs "$disk" >/dev/null 2>&1
  echo same
  exit 0
fi
rm -f "$dir/seeded" && mv -f "$dir/setup.sent" "$dir/setup" && : >/var/log/fbdock-seed.log && sync || exit 1
setsid flock /run/fbdock-setup.lock sh "$dir/setup" </dev/null >/dev/null 2>&1 &
echo begun`

// EngineSetupState is what root runs to learn how far the script is: it prints
// "done", or the last lines of its log.
const EngineSetupState = `[ ! -e /var/lib/fbdock/seeded ] || { echo done; exit 0; }
tail -n 30 /var/log/fbdock-seed.log`

// userData is the script that cloud-init runs: values, then a static body.
func userData(m plan.Machine, in Inputs) ([]byte, error) {
	shares, err := shareLines(m.Shares)
	if err != nil {
		return nil, err
	}
	proxy := proxyOf(m, in)
	insecure := ""
	if m.Engine.InsecureTCP {
		insecure = "yes"
	}
	points, err := static.ReadFile("guest/fbdock-points")
	if err != nil {
		return nil, err
	}
	authorized := in.Secrets.EngineKey.Authorized + "\n" + in.Secrets.GuestKey.Authorized + "\n"
	var values env
	ninep, placement, ownDisk := "yes", plan.PlacementNested, "yes"
	if m.Engine.Sibling() {
		ninep, placement = "no", plan.PlacementSibling
	}
	if !m.OwnDisk() {
		ownDisk = "no"
	}
	for _, kv := range [][2]string{
		{"FBDOCK_PLACEMENT", placement},
		{"FBDOCK_MACHINE", m.Name},
		{"FBDOCK_DATA_DISK", ownDisk},
		{"FBDOCK_ENGINE_MAC", engineMAC(m)},
		{"FBDOCK_ENGINE_PREFIX", prefixWord(m.Engine.Network)},
		{"FBDOCK_ENGINE_MASK", netmask(m.Engine.Network)},
		{"FBDOCK_DNS", ""},
		{"FBDOCK_NINEP", ninep},
		{"FBDOCK_ENGINE_ADDRESS", m.Engine.Address.String()},
		{"FBDOCK_ENGINE_GATEWAY", gatewayWord(m.Engine)},
		{"FBDOCK_ENGINE_NETWORK", networkWord(m.Engine.Network)},
		{"FBDOCK_GUEST_PORTS", strings.Join(m.Engine.GuestPorts, " ")},
		{"FBDOCK_ENGINE_DISK", m.Engine.Disk.String()},
		{"FBDOCK_SHARES", shares},
		{"FBDOCK_POINTS", string(points)},
		{"FBDOCK_HTTP_PROXY", proxy.HTTP},
		{"FBDOCK_HTTPS_PROXY", proxy.HTTPS},
		{"FBDOCK_NO_PROXY", proxy.No},
		{"FBDOCK_INSECURE_TCP", insecure},
		{"FBDOCK_AUTHORIZED_KEYS", authorized},
		{"FBDOCK_HOST_KEY", string(in.Secrets.EngineHostKey.Private)},
		{"FBDOCK_TLS_CA", string(in.Secrets.CA.Cert)},
		{"FBDOCK_TLS_CERT", string(in.Secrets.Server.Cert)},
		{"FBDOCK_TLS_KEY", string(in.Secrets.Server.Key)},
		{"FBDOCK_CA_CERTIFICATES", joined(in.CACertificates)},
	} {
		values.set(kv[0], kv[1])
	}
	for _, major := range []int{daemonAny, daemonProxies, daemonMinAPI} {
		settings, err := daemonJSON(m, in, major)
		if err != nil {
			return nil, err
		}
		values.set(fmt.Sprintf("FBDOCK_DAEMON_%d", major), settings)
	}
	block, err := values.bytes()
	if err != nil {
		return nil, err
	}
	script := append([]byte("#!/bin/sh\n# Written by fbdock.\n"), block...)
	for _, name := range []string{"engine/firewall.sh", "engine/shares.sh", "engine/beside.sh", "engine/setup.sh"} {
		body, err := static.ReadFile(name)
		if err != nil {
			return nil, err
		}
		script = append(script, body...)
	}
	return script, nil
}

// engineMAC is the address of the engine's card to FreeBSD, "" where it has none.
func engineMAC(m plan.Machine) string {
	switch {
	case m.Engine.ByAgent():
		return ""
	case m.Engine.Sibling():
		return m.CardMAC(true)
	}
	return strings.ToLower(m.Engine.MAC)
}

func netmask(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return net.IP(net.CIDRMask(p.Bits(), 32)).String()
}
