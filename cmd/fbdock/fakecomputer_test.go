package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"
)

// computerPrograms are what a FreeBSD computer of the user's own has beside
// those of a guest. survey.out is what the survey finds there; a script
// changes what is in the way.
var computerPrograms = map[string]string{
	"bin/uname": "echo FreeBSD\n",
	"bin/id":    "echo 1001\n",
	"bin/doas":  "exit 1\n",
	"bin/sudo": "[ \"$1\" = -n ] || exit 97\nshift\n" +
		"[ \"$*\" != 'sh -s' ] || { cat >\"$HOME/survey.sh\"; cat \"$HOME/survey.out\"; exit; }\nexec \"$@\"\n",
}

const surveyed = `fbdock-survey has system FreeBSD 15.0-RELEASE, amd64, metal
fbdock-survey has pool tank, ONLINE, 12% full, 800G free
fbdock-survey change packages, where the repository has them: edk2-bhyve fusefs-sshfs
fbdock-survey change ZFS: datasets tank/fbdock, tank/fbdock/vm and tank/fbdock/shares
fbdock-survey change rc.conf: gateway_enable="YES" (now "NO")
fbdock-survey done
`

// computer makes a computer of the user's own, which no Vagrant knows: the
// script finds it at $NAME_HOST, and its key in NAME.key.
func (w *world) computer(ts *testscript.TestScript, name string) error {
	g, err := newGuest(w, name)
	if err != nil {
		return err
	}
	for file, text := range computerPrograms {
		if err := g.write(file, "#!/bin/sh\n"+text, 0o755); err != nil {
			return err
		}
	}
	if err := g.write("survey.out", surveyed, 0o600); err != nil {
		return err
	}
	g.user = "me"
	if name == "here" { // the one that fbdock runs on
		me, err := user.Current()
		if err != nil {
			return err
		}
		g.user, g.anyKey = me.Username, true
	}
	w.guests[name] = g
	if err := g.listen(); err != nil {
		return err
	}
	ts.Setenv(strings.ToUpper(name)+"_HOST", "me@127.0.0.1:"+strconv.Itoa(g.port()))
	return g.writeHostKey()
}

// writeHostKey puts the line that a known_hosts would have of the machine
// into NAME.known_hosts.
func (g *guest) writeHostKey() error {
	line := fmt.Sprintf("[127.0.0.1]:%d %s", g.port(), ssh.MarshalAuthorizedKey(g.hostKey.PublicKey()))
	return os.WriteFile(filepath.Join(g.world.dir, g.name+".known_hosts"), []byte(line), 0o600)
}

// uninstall plays fbdock-uninstall.
func (g *guest) uninstall(ch ssh.Channel) (status int) {
	g.mu.Lock()
	g.payload = nil
	g.mu.Unlock()
	g.restartEngine(true)
	for _, name := range []string{"usr", "var", "payload"} {
		_ = os.RemoveAll(filepath.Join(g.root, name))
	}
	_, _ = fmt.Fprint(ch, "fbdock-step engine begin\nfbdock-step engine ok stopped\nfbdock-left packages: edk2-bhyve\nfbdock-step files begin\nfbdock-step files ok nothing of fbdock is left\n")
	return 0
}

// pipeSSHD is an sshd -i that is the computer "here".
func pipeSSHD() {
	_, address, _ := strings.Cut(os.Getenv("HERE_HOST"), "@")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipesshd:", err)
		os.Exit(1)
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(os.Stdout, conn)
}
