package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// world is what lies behind the fake vagrant of one script: its machines,
// and what is to go wrong with them. vagrant.calls is the list of all calls.
type world struct {
	dir      string
	listener net.Listener
	wg       sync.WaitGroup

	mu     sync.Mutex
	guests map[string]*guest
	next   map[string]answer // of a command, instead of what it would do
	hang   map[string]bool
	steps  []stepsRun
	down   bool // no engine comes up
	// beside are the scripts of engines that run beside a guest, by its name.
	beside sync.Map
}

// stepsRun is what one run of the guest's steps says and ends with.
type stepsRun struct {
	text   string
	status int
}

func newWorld(dir string) (*world, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &world{dir: dir, listener: l, guests: map[string]*guest{}, next: map[string]answer{}, hang: map[string]bool{}}
	w.wg.Go(w.accept)
	return w, nil
}

func (w *world) address() string { return w.listener.Addr().String() }

func (w *world) close() {
	_ = w.listener.Close()
	w.wg.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.guests {
		g.halt()
	}
}

func (w *world) accept() {
	for {
		conn, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.serve(conn)
	}
}

func (w *world) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var c call
	if json.NewDecoder(conn).Decode(&c) != nil {
		return
	}
	if a, ok := w.answer(c); ok {
		_ = json.NewEncoder(conn).Encode(a)
		return
	}
	_, _ = conn.Read(make([]byte, 1)) // until the caller is gone
}

// answer is false for a call that hangs.
func (w *world) answer(c call) (answer, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.note(strings.Join(c.Args, " ")); err != nil {
		return answer{Output: err.Error(), Status: 1}, true
	}
	command := c.Args[0]
	if w.hang[command] {
		return answer{}, false
	}
	if a, ok := w.next[command]; ok {
		delete(w.next, command)
		return a, true
	}
	if command == "--version" {
		return answer{Output: "Vagrant 2.4.9\n"}, true
	}
	if c.NoVagrant || command != "ssh" && !slices.Contains(c.Args, "--machine-readable") {
		return answer{Output: fmt.Sprintf("a call without Vagrantfile or form: %q in %q\n", c.Args, c.Folder), Status: 1}, true
	}
	return w.vagrant(c), true
}

func (w *world) note(line string) error {
	f, err := os.OpenFile(filepath.Join(w.dir, "vagrant.calls"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	return f.Close()
}

// vagrant does what the call asks for. The lock is held.
func (w *world) vagrant(c call) answer {
	command, name := c.Args[0], c.Args[1]
	g := w.guests[name]
	if g == nil && command == "up" {
		var err error
		if g, err = newGuest(w, name); err != nil {
			return refusal("VMBootBadState", err.Error())
		}
		w.guests[name] = g
	}
	if g == nil && (command == "halt" || command == "destroy" || command == "ssh" || command == "reload") {
		return answer{Output: event(name, "ui", "info", "The container hasn't been created yet.")}
	}
	switch command {
	case "up", "reload":
		if i := slices.Index(c.Args, "--provider"); i > 0 && i+1 < len(c.Args) {
			g.provider = c.Args[i+1]
		}
		a := w.boot(c, g)
		w.engineBeside(g)
		return a
	case "halt":
		g.halt()
		w.engineBeside(g)
		return answer{Output: event(name, "ui", "info", "Stopping container...")}
	case "destroy":
		g.halt()
		w.engineBeside(g)
		delete(w.guests, name)
		_ = os.RemoveAll(filepath.Join(c.Dotfiles, "machines", name))
		_ = os.RemoveAll(g.root)
		return answer{Output: event(name, "ui", "info", "Deleting the container...")}
	case "status":
		return answer{Output: event(name, "provider-name", g.madeWith()) + event(name, "state", g.state())}
	case "ssh-config":
		if g.state() != "running" {
			return refusal("SSHNotReady", "The provider reports that it is not ready for SSH.")
		}
		return answer{Output: g.sshConfig() + event(name, "ssh-config", g.sshConfig())}
	case "ssh":
		return answer{Shell: g.local(c.Args[3]), Path: g.path()}
	}
	return refusal("CLIInvalidUsage", "no such command: "+command)
}

func (w *world) boot(c call, g *guest) answer {
	g.halt()
	if err := g.boot(w.down); err != nil {
		return refusal("VMBootBadState", err.Error())
	}
	id := filepath.Join(c.Dotfiles, "machines", g.name, g.madeWith(), "id")
	if err := os.MkdirAll(filepath.Dir(id), 0o700); err != nil {
		return refusal("VMBootBadState", err.Error())
	}
	if err := os.WriteFile(id, []byte(g.id), 0o600); err != nil {
		return refusal("VMBootBadState", err.Error())
	}
	if err := w.list(c, g.name, g.madeWith()); err != nil {
		return refusal("VMBootBadState", err.Error())
	}
	return answer{Output: event(g.name, "ui", "info", "Starting container, please wait...") + event(g.name, "action", "up", "end")}
}

// list puts a machine into Vagrant's list of all machines, once, as Vagrant
// does when it gets an id.
func (w *world) list(c call, name, provider string) error {
	file := filepath.Join(c.Dotfiles, "machines", name, provider, "index_uuid")
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	uuid := fmt.Sprintf("%032x", sha256.Sum256([]byte(c.Dotfiles+name)))[:32]
	index := filepath.Join(w.dir, "home", ".vagrant.d", "data", "machine-index", "index")
	list := struct {
		Version  int                          `json:"version"`
		Machines map[string]map[string]string `json:"machines"`
	}{1, map[string]map[string]string{}}
	if data, err := os.ReadFile(index); err == nil {
		if err := json.Unmarshal(data, &list); err != nil {
			return err
		}
	}
	list.Machines[uuid] = map[string]string{
		"name": name, "provider": provider, "local_data_path": c.Dotfiles, "vagrantfile_path": c.Folder, "state": "running",
	}
	data, err := json.Marshal(list)
	return errors.Join(err, os.MkdirAll(filepath.Dir(index), 0o700), os.WriteFile(index, data, 0o644), os.WriteFile(file, []byte(uuid), 0o600))
}

// scene sets what goes wrong:
//
//	scene steps FILE STATUS    the next run of the guest's steps; without any, all is well
//	scene vagrant COMMAND hang    vagrant COMMAND never ends, until: scene vagrant COMMAND works
//	scene vagrant COMMAND FILE STATUS    the next vagrant COMMAND says FILE instead
//	scene engine down|up       no engine comes up from now on, or again
//	scene steps FILE dropped|gone    the next run of the steps ends with the guest's connections, or with its SSH server
//	scene drop NAME            the guest's connections end
//	scene dropafter NAME BYTES the first connection that brings so many bytes of an image ends
//	scene cut NAME             the machine stops, and nobody told Vagrant
//	scene mute NAME            the machine runs, and its SSH server does not
//	scene rehost NAME          the machine has another host key
//	scene root NAME            the machine's login is root's
//	scene computer NAME        there is a FreeBSD computer of the user's own
func (w *world) scene(ts *testscript.TestScript, args []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case len(args) == 3 && args[0] == "steps":
		status, ok := map[string]int{"dropped": dropped, "gone": gone}[args[2]]
		var err error
		if !ok {
			status, err = strconv.Atoi(args[2])
		}
		w.steps = append(w.steps, stepsRun{text: ts.ReadFile(args[1]), status: status})
		return err
	case len(args) == 3 && args[0] == "vagrant":
		w.hang[args[1]] = args[2] == "hang"
	case len(args) == 4 && args[0] == "vagrant":
		status, err := strconv.Atoi(args[3])
		w.next[args[1]] = answer{Output: ts.ReadFile(args[2]), Status: status}
		return err
	case len(args) == 2 && args[0] == "engine":
		w.down = args[1] == "down"
		for _, g := range w.guests {
			g.restartEngine(w.down)
		}
	case len(args) == 3 && args[0] == "dropafter":
		return w.guests[args[1]].dropAfter(ts.MkAbs("guest/"+args[1]), args[2])
	case len(args) == 2 && args[0] == "drop":
		w.guests[args[1]].drop()
	case len(args) == 2 && args[0] == "cut":
		w.guests[args[1]].halt()
		w.engineBeside(w.guests[args[1]])
	case len(args) == 2 && args[0] == "mute":
		w.guests[args[1]].mute = true
		w.guests[args[1]].stop()
	case len(args) == 2 && args[0] == "computer":
		return w.computer(ts, args[1])
	case len(args) == 2 && args[0] == "root":
		w.guests[args[1]].user = "root"
	case len(args) == 2 && args[0] == "rehost":
		return w.guests[args[1]].rehost()
	default:
		return fmt.Errorf("no such scene: %q", args)
	}
	return nil
}

// nextSteps is what the next run of the steps says.
func (w *world) nextSteps() stepsRun {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.steps) == 0 {
		return stepsRun{text: "fbdock-step base begin\nfbdock-step base ok kernel modules loaded\nfbdock-step engine begin\n" +
			"fbdock-step engine ok bhyve runs\nfbdock-steps done HASH\n"}
	}
	run := w.steps[0]
	w.steps = w.steps[1:]
	return run
}

func (w *world) engineDown() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down
}
