package vagrantfiles

import "fmt"

// docker is the bench of fbdock's own tests: a container that stands in for
// the FreeBSD guest, and a second one of the same image for an engine beside it,
// whose init is given the size of a VM, which it runs from the disk
// /engine.qcow2 and whose port 22 is the container's.
func docker(f *file, m vm) {
	f.comment("A test bench, no FreeBSD.")
	f.line("v.image = %s", quote(m.Box.Name))
	f.line("v.name = %s", quote(m.Instance))
	f.line("v.has_ssh = true")
	f.line("v.remains_running = true")
	f.line("v.stop_timeout = 90")
	arguments := [][2]string{{"--cap-add", "NET_ADMIN"}}
	if !m.engine {
		arguments = append(arguments, [][2]string{{"--cap-add", "SYS_ADMIN"}, {"--cap-add", "LINUX_IMMUTABLE"}}...)
	}
	arguments = append(arguments, [2]string{"--device", "/dev/net/tun"})
	if !m.engine {
		arguments = append(arguments, [][2]string{{"--device", "/dev/fuse"}, {"--security-opt", "apparmor=unconfined"}}...)
	}
	arguments = append(arguments, [2]string{"--hostname", m.Name})
	f.line("v.create_args = [")
	for _, pair := range arguments {
		f.line("  %s, %s,", quote(pair[0]), quote(pair[1]))
	}
	f.line("]")
	if !m.engine {
		return
	}
	f.line("v.cmd = [%s, %s, %s]", quote("engine"), quote(fmt.Sprintf("cpus=%d", m.CPUs)), quote(fmt.Sprintf("memory=%d", mebibytes(m.Memory))))
	if m.image != "" {
		f.line("v.volumes = [%s]", quote(m.image+":/engine.qcow2:ro"))
	}
}

// dockerEngine says what the Vagrantfile in a box of the engine says.
func dockerEngine(f *file, m vm) {
	if m.engine {
		f.comment("Alpine has doas(1) in place of sudo.")
		f.line(`machine.ssh.sudo_command = "doas %%c"`)
	}
}

// dockerCard tells the containers' init which address its card is to have.
func dockerCard(f *file, c card) { f.line("v.env = { %s => %s }", quote("FBDOCK_CARD"), quote(c.mac)) }

// dockerNetwork is a bridge that the host has no address on. Docker gives the
// containers addresses of its own there, of a range for networks between
// machines (RFC 6598), which nothing uses; the cards' own addresses are set by
// the containers' init.
func dockerNetwork(f *file, c card) {
	subnet := fmt.Sprintf("100.%d.%d.%d/29", 64|c.id[0]&63, c.id[1], c.id[2]&0xf8)
	f.line("machine.vm.network %s, auto_config: false, type: %s, subnet: %s,", quote("private_network"), quote("dhcp"), quote(subnet))
	f.line("  docker_network__opt: %s", quote("com.docker.network.bridge.inhibit_ipv4=true"))
}
