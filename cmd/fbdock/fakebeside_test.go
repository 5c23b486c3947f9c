package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/plan"
)

// setUp is what root does in an engine beside FreeBSD with the script that it is
// sent: from then on it has the keys of the script.
func (g *guest) setUp(ch ssh.Channel, command string) (status int) {
	script, err := io.ReadAll(ch)
	if err != nil {
		return 1
	}
	w := g.world
	w.mu.Lock()
	defer w.mu.Unlock()
	if g.user != "root" && !strings.Contains(command, "doas") {
		_, _ = fmt.Fprintln(ch.Stderr(), "permission denied")
		return 1
	}
	if w.note("engine setup as "+g.user+" of "+g.name) != nil {
		return 1
	}
	said := "begun"
	if g.script == string(script) {
		said = "same"
	}
	_, _ = fmt.Fprintln(ch, said)
	g.script = string(script)
	if err := os.WriteFile(filepath.Join(g.root, "setup"), script, 0o600); err != nil {
		return 1
	}
	if err := g.takeKeys(); err != nil {
		_, _ = fmt.Fprintln(ch.Stderr(), err)
		return 1
	}
	if err := errors.Join(g.write("var/log/docker.log", "API listen on 10.77.0.2:2376\n", 0o600), g.write("var/log/fbdock-seed.log", "fbdock-seed begin\n", 0o600)); err != nil {
		_, _ = fmt.Fprintln(ch.Stderr(), err)
		return 1
	}
	w.engineBeside(g)
	return 0
}

// takeKeys has the engine show the host key of its script, and let root in by
// the keys of it.
func (g *guest) takeKeys() error {
	hostKey, err := ssh.ParsePrivateKey(seeded(g.script, "FBDOCK_HOST_KEY"))
	if err != nil {
		return err
	}
	g.sshd.mu.Lock()
	defer g.sshd.mu.Unlock()
	g.hostKey, g.user, g.allowed = hostKey, "root", nil
	for keys := seeded(g.script, "FBDOCK_AUTHORIZED_KEYS"); len(strings.TrimSpace(string(keys))) > 0; {
		key, _, _, rest, err := ssh.ParseAuthorizedKey(keys)
		if err != nil {
			return err
		}
		g.allowed, keys = append(g.allowed, key), rest
	}
	return nil
}

// setUpState is what the engine says of its setup.
func (g *guest) setUpState(ch ssh.Channel) (status int) {
	g.world.mu.Lock()
	defer g.world.mu.Unlock()
	switch {
	case g.world.down:
		_, _ = fmt.Fprintln(ch, "fbdock-seed begin\nERROR: unable to select packages\nfbdock-seed fail apk add: does the engine reach its repositories?")
	case g.script != "":
		_, _ = fmt.Fprintln(ch, "done")
	}
	return 0
}

// serveBeside has dockerd of an engine beside FreeBSD run, or not.
func (g *guest) serveBeside(up bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.engine != nil {
		g.engine.close()
		g.engine = nil
	}
	if up {
		if e, err := newEngine(g.script, g.root); err == nil {
			g.engine = e
		}
	}
}

// engineBeside has FreeBSD reach the engine g beside it, or not any more. The
// lock is held.
func (w *world) engineBeside(g *guest) {
	of, engine := strings.CutSuffix(g.name, plan.EngineSuffix)
	if !engine {
		return
	}
	up := g.port() != 0 && g.script != "" && !w.down
	g.serveBeside(up)
	if up {
		w.beside.Store(of, g.script)
	} else {
		w.beside.Delete(of)
	}
	if freebsd := w.guests[of]; freebsd != nil && freebsd.port() != 0 {
		freebsd.restartEngine(!up)
	}
}
