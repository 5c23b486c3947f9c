package provision_test

import (
	"strings"
	"testing"
)

// TestDockerClient: FreeBSD's own CLI where it is new enough, with its own
// Compose or the engine's; else the engine's CLI by ssh.
func TestDockerClient(t *testing.T) {
	t.Parallel()
	const plugin = "/usr/local/lib/docker/cli-plugins/docker-compose"
	const fakeSSH = "printf '#!/bin/sh\\nprintf \"<%%s>\" \"$@\"\\n' >/tmp/ssh; chmod 755 /tmp/ssh; rm -f /sbin/ssh; cp /tmp/ssh /sbin/ssh; cd /home\n"

	g, out := play(t, labMachine(), "", fakeSSH+plugin+" docker-cli-plugin-metadata; HOME=/home/vagrant "+plugin+" compose up -d 'a b'; echo; echo again\n"+install)
	mustSay(t, g, out, "fbdock-step client ok docker 29.4.2, compose of the engine\n", "status 0", `{"SchemaVersion":"0.1.0","Vendor":"fbdock"`,
		`<-o><LogLevel=ERROR><-F></home/vagrant/.fbdock/ssh_config><engine><timeout 5 test -d '/home' && cd '/home' 2>/dev/null; exec docker 'compose' 'up' '-d' 'a b'>`)
	_, again, _ := strings.Cut(out, "again\n")
	mustSay(t, g, again, "fbdock-step packages skip", "fbdock-step client skip docker 29.4.2, compose of the engine\n")

	g, out = play(t, labMachine(), conf("pkg_missing="), "cat "+plugin)
	mustSay(t, g, out, "fbdock-step client ok docker 29.4.2\n", "status 0\ndocker-compose\n")
	g, out = play(t, labMachine(), "", conf("pkg_missing=")+"rm /var/db/fbdock/no-docker-cli\n"+install+"\ncat "+plugin)
	mustSay(t, g, out, "status 0\ndocker-compose\n")

	g, out = play(t, labMachine(), "echo version_docker-cli=18.09.5 >>/etc/lab.conf\n", fakeSSH+"HOME=/home/vagrant /usr/local/bin/docker compose ps")
	mustSay(t, g, out, "fbdock-step packages ok not in the repository: docker-cli", "fbdock-step client ok the engine's own CLI by ssh\n", "status 0",
		"exec docker 'compose' 'ps'>")

	old := "mkdir -p /usr/local/bin; printf '#!/bin/sh\\necho Docker version 18.09.5, build e8ff056\\n' >/usr/local/bin/docker; chmod 755 /usr/local/bin/docker\n"
	g, out = play(t, labMachine(), old, "")
	mustSay(t, g, out, "fbdock-step client fail /usr/local/bin/docker is Docker version 18.09.5, build e8ff056: too old for the engine | hint: remove it in the guest",
		"status 1")
}
