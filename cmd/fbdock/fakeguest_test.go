package main

import (
	"archive/tar"
	"cmp"
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/run/runtest"
	"github.com/fbdock/fbdock/provision/contract"
)

// guest stands for a FreeBSD guest: a folder guest/NAME for its root, an SSH
// server, and an engine once the steps have run. The payload's own steps are
// not run here; they have tests of their own in package provision.
type guest struct {
	*sshd
	world *world
	name  string
	root  string
	key   string // file of the key that may log in
	id    string // that Vagrant keeps, another one for each VM
	// provider is Vagrant's that made it, "" for docker.
	provider string

	mu      sync.Mutex
	payload map[string]string
	engine  *engine
	podman  *fakePodman
	script  string // that an engine beside FreeBSD was set up by
	mute    bool   // its SSH server does not run
}

// madeWith is the provider of a guest; one that is not made has docker's.
func (g *guest) madeWith() string {
	if g == nil {
		return "docker"
	}
	return cmp.Or(g.provider, "docker")
}

// programs of the guest. What they were asked to do is in guest/NAME/calls.
var programs = map[string]string{
	"bin/sudo":    "[ \"$1\" = -n ] || exit 97\nshift\nexec \"$@\"\n",
	"bin/service": "echo \"service $*\" >>\"$HOME/calls\"\ncase $2 in\nonestop) touch \"$HOME/stopped\" ;;\nonestatus) [ ! -e \"$HOME/stopped\" ] ;;\nesac\n",
	"bin/docker":  fakeCLI("docker"),
	"bin/podman":  fakeCLI("podman"),
	"bin/sysctl":  "echo \"{ sec = $(cat \"$HOME/booted\" || echo 1), usec = 0 } Sat Nov 28\"\n",
	// With names of checks it answers those, as the real one does.
	"usr/local/libexec/fbdock/fbdock-health": "[ $# = 0 ] || echo \"health $*\" >>\"$HOME/calls\"\ncase \" $* \" in\n*' age '*) echo \"fbdock-health age ok $(cat \"$HOME/age\" 2>/dev/null || echo 10)\" ;;\nesac\n" +
		"while read -r word layer rest; do\n  case \" $* \" in\n  '  ' | *\" $layer \"*) echo \"$word $layer $rest\" ;;\n" +
		"  *' console '*) [ \"$layer\" != boot ] || echo \"$word $layer $rest\" ;;\n  esac\ndone <\"$HOME/health\"\n! grep -q ' fail ' \"$HOME/health\"\n",
	"usr/local/libexec/fbdock/fbdock-shares": "cat \"$HOME/shares\"\n! grep -q ' fail ' \"$HOME/shares\"\n",
	"bin/jexec":                              "echo \"jexec $*\"\n[ -t 0 ] || cat\n",
	"usr/local/libexec/fbdock/fbdock-jail":   fakeJail,
	"usr/local/libexec/fbdock/fbdock-image":  "ls \"$HOME/var/db/fbdock/images/$(echo \"$1\" | cut -c 1-16).zst\" >/dev/null 2>&1 && echo have\n",
}

// fakeJail answers as fbdock-jail, and writes down what it was asked and given. A jail that "bad" names does not start.
const fakeJail = `echo "jail $*" >>"$HOME/calls"
case $1 in
list) cat "$HOME/jails" 2>/dev/null ;;
bases) cat "$HOME/bases" 2>/dev/null ;;
limits) cat "$HOME/limits" 2>/dev/null ;;
export) echo "fbdock-step jail begin" >&2; echo "a stream of $2" ;;
create | clone | import) cat >"$HOME/given"; echo "fbdock-step jail begin"; echo "fbdock-step jail ok $2 is made" ;;
*) echo "fbdock-step jail begin"
  if [ "$2" = bad ]; then echo "fbdock-step jail fail jail bad does not start: no path | hint: see its console"; exit 1; fi
  echo "fbdock-step jail ok $2 $1" ;;
esac
`

// fakeCLI says what it was asked for, and does some of what docker does.
func fakeCLI(name string) string {
	return strings.ReplaceAll("echo \"docker $*\"\necho \"docker on stderr\" >&2\ncase $1 in\nexit) exit \"$2\" ;;\ncat) cat ;;\nwhere | build) pwd ;;\nesac\n"+
		"case \" $* \" in\n*\" streams \"*) for n in 0 1 2; do [ -t $n ] && echo \"$n terminal\" || echo \"$n other\"; done; while IFS= read -r line; do printf '%s\\n' \"$line\"; done ;;\n*\" tty \"*) [ -t 0 ] && echo a terminal ;;\n*\" env \") env ;;\n"+
		"*\" interrupted\"*) trap 'exit 7' INT; echo ready; while :; do sleep 0.02; done ;;\nesac\n", "docker", name)
}

// newGuest makes a machine that Vagrant has just made: there is nothing of
// fbdock in it.
func newGuest(w *world, name string) (*guest, error) {
	g := &guest{world: w, name: name, root: filepath.Join(w.dir, "guest", name), key: filepath.Join(w.dir, name+".key")}
	if err := g.write("etc/os-release", "PRETTY_NAME='FreeBSD 15.0-RELEASE'\n", 0o644); err != nil {
		return nil, err
	}
	for _, file := range []string{"bin/sudo", "bin/service", "bin/docker", "bin/podman", "bin/sysctl", "bin/jexec"} {
		if err := g.write(file, "#!/bin/sh\n"+programs[file], 0o755); err != nil {
			return nil, err
		}
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(g.key, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	allowed, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	g.id = ssh.FingerprintSHA256(allowed)
	g.sshd = &sshd{
		allowed: []ssh.PublicKey{allowed}, user: "vagrant", local: g.local, path: g.path(), home: g.root, own: g.own, dial: g.dial,
	}
	return g, g.rehost()
}

func (g *guest) write(file, text string, mode os.FileMode) error {
	file = filepath.Join(g.root, file)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return runtest.WriteProgram(file, []byte(text), mode)
}

// path has the guest's own programs first.
func (g *guest) path() string { return filepath.Join(g.root, "bin") + ":/usr/bin:/bin" }

// local puts a command's paths into the guest's folder.
func (g *guest) local(command string) string {
	var pairs []string
	for _, p := range []string{"/etc/os-release", "/var/db/fbdock", "/var/log/", "/var/run/fbdock", "/usr/local/libexec/fbdock", "/usr/local/etc/rc.d"} {
		pairs = append(pairs, p, g.root+p)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.podman != nil {
		pairs = append(pairs, podmanPath, g.podman.socket())
	}
	return strings.NewReplacer(pairs...).Replace(command)
}

func (g *guest) rehost() error {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return err
	}
	g.sshd.mu.Lock()
	defer g.sshd.mu.Unlock()
	g.hostKey, err = ssh.NewSignerFromKey(private)
	return err
}

func (g *guest) state() string {
	switch {
	case g == nil:
		return "not_created"
	case g.port() == 0 && !g.mute:
		return "stopped"
	}
	return "running"
}

func (g *guest) boot(down bool) error {
	g.restartEngine(down)
	if err := g.startPodman(); err != nil {
		return err
	}
	return g.listen()
}

func (g *guest) halt() {
	if g == nil {
		return
	}
	g.stop()
	g.mute = false
	g.restartEngine(true)
	g.stopPodman()
}

// restartEngine stops the engine, and starts it from what was installed.
func (g *guest) restartEngine(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.engine != nil {
		g.engine.close()
		g.engine = nil
	}
	if !down && g.payload != nil {
		seed := g.payload["seed/user-data"]
		if script, ok := g.world.beside.Load(g.name); ok {
			seed = script.(string)
		}
		e, err := newEngine(seed, g.root)
		if err == nil {
			g.engine = e
		}
	}
}

func (g *guest) sshConfig() string {
	return fmt.Sprintf("Host %s\n  HostName 127.0.0.1\n  User %s\n  Port %d\n  UserKnownHostsFile /dev/null\n"+
		"  StrictHostKeyChecking no\n  PasswordAuthentication no\n  IdentityFile %q\n  IdentitiesOnly yes\n  LogLevel FATAL\n",
		g.name, g.user, max(g.port(), 1), g.key)
}

func (g *guest) dial(host string, port uint32) (net.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.engine == nil || host != g.engine.address {
		return nil, errors.New("connection refused")
	}
	return g.engine.dial(port)
}

// own takes the payload and plays its steps.
func (g *guest) own(command string) func(ssh.Channel) (status int) {
	switch {
	case strings.Contains(command, "/run/fbdock-setup.lock"):
		return func(ch ssh.Channel) int { return g.setUp(ch, command) }
	case strings.Contains(command, "/var/lib/fbdock/seeded"):
		return g.setUpState
	case strings.Contains(command, contract.UnpackCommand):
		return g.prepare
	case strings.Contains(command, " fbdock-mount "), strings.Contains(command, " fbdock-points "): // speaks of the uninstall
	case strings.Contains(command, "fbdock-uninstall"):
		return g.uninstall
	case strings.Contains(command, "service fbdock onestop >"):
		g.restartEngine(true)
	}
	return nil
}

func (g *guest) prepare(ch ssh.Channel) (status int) {
	payload, err := untar(ch)
	if err != nil {
		_, _ = fmt.Fprintln(ch, err)
		return 1
	}
	run := g.world.nextSteps()
	hash := strings.TrimSpace(payload["hash"])
	_, err = io.WriteString(ch, strings.ReplaceAll(run.text, "HASH", hash))
	switch run.status {
	case dropped:
		g.drop()
	case gone:
		g.stop() // for good: no login is quick enough
	}
	if err != nil || run.status != 0 {
		return run.status
	}
	if err := g.install(payload); err != nil {
		_, _ = fmt.Fprintln(ch, err)
		return 1
	}
	g.restartEngine(g.world.engineDown())
	return 0
}

// The ends of steps that have no status: they take the guest's connections
// with them, or its SSH server too.
const (
	dropped = -1
	gone    = -2
)

// install leaves behind what the real steps would.
func (g *guest) install(payload map[string]string) error {
	g.mu.Lock()
	g.payload = payload
	g.mu.Unlock()
	_ = os.Remove(filepath.Join(g.root, "stopped"))
	files := map[string]string{
		"usr/local/etc/rc.d/fbdock":    "#!/bin/sh\n",
		"var/db/fbdock/applied":        strings.TrimSpace(payload["hash"]) + "\n",
		"var/log/fbdock.log":           "step one\nstep two\n",
		"var/log/fbdock-console.log":   "Booting Alpine\nengine login:\n",
		"var/log/jail_web_console.log": "web: starting\n",
		"var/log/docker.log":           "API listen on /var/run/docker.sock\n",
		"var/run/fbdock/state":         "running since today\n",
		"health":                       "fbdock-health pool ok zroot online\nfbdock-health hypervisor ok bhyve\n",
		"shares":                       "",
		"var/log/messages":             "kernel: all is well\n",
	}
	// What the steps have repaired.
	if err := os.Rename(filepath.Join(g.root, "health.after"), filepath.Join(g.root, "health")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for file, text := range files {
		if _, err := os.Stat(filepath.Join(g.root, file)); err == nil && file != "var/db/fbdock/applied" {
			continue // the script's own
		}
		if err := g.write(file, text, 0o600); err != nil {
			return err
		}
	}
	for _, name := range []string{"fbdock-health", "fbdock-shares", "fbdock-image", "fbdock-jail"} {
		file := "usr/local/libexec/fbdock/" + name
		if err := g.write(file, "#!/bin/sh\n"+programs[file], 0o700); err != nil {
			return err
		}
	}
	for name, text := range payload {
		if err := g.write("payload/"+name, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func untar(r io.Reader) (map[string]string, error) {
	files := map[string]string{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg {
			files[h.Name] = string(data)
		}
	}
}
