package provision

import (
	"bytes"
	"fmt"
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
	for _, kv := range [][2]string{
		{"FBDOCK_DNS", ""},
		{"FBDOCK_NINEP", "yes"},
		{"FBDOCK_ENGINE_ADDRESS", m.Engine.Address.String()},
		{"FBDOCK_ENGINE_GATEWAY", m.Engine.Gateway.String()},
		{"FBDOCK_ENGINE_NETWORK", m.Engine.Network.Masked().String()},
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
	for _, name := range []string{"engine/firewall.sh", "engine/shares.sh", "engine/setup.sh"} {
		body, err := static.ReadFile(name)
		if err != nil {
			return nil, err
		}
		script = append(script, body...)
	}
	return script, nil
}
