//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
)

// attackEnv makes the test binary the guest's sshfs: it names the file that is
// told what was done.
const attackEnv = "FBDOCK_E2E_ATTACK"

func TestMain(m *testing.M) {
	if out := os.Getenv(attackEnv); out != "" {
		os.Exit(attacker(out))
	}
	os.Exit(m.Run())
}

// TestTakeover: the guest's root has a raw SFTP client in the place of sshfs,
// and wants the keys and the Vagrantfile of the host. The state directory lies
// in the mounted folder, where it is closest.
func TestTakeover(t *testing.T) {
	p := newProject(t, "  mount \".\" {}\n")
	pwned := filepath.Join(t.TempDir(), "pwned")
	if err := os.Mkdir(filepath.Join(p.dir, "home"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "XDG_STATE_HOME="+filepath.Join(p.dir, "home"))
	p.destroyAtEnd(t)
	p.must(t, "up")
	before := p.secrets(t)
	ruby := fmt.Sprintf("File.write(%q, ARGV.join(\" \"))\n", pwned)
	told := p.attack(t, attack{Names: names(before), Dir: p.dir, Ruby: ruby})
	if !told.Control {
		t.Errorf("attack by the guest's root = %+v, want it to use the mount as a user may", told)
	}
	for _, done := range told.Done {
		t.Errorf("the guest's root did this on the host: %s, want nothing done", done)
	}
	// The agent asks Vagrant for the way to the guest when the link is lost.
	p.run(t, "exec", "--", "sudo", "-n", "sh", "-c", "pkill -9 -f '^sshd: vagrant'")
	await(t, 2*time.Minute, "the guest is there again", func() bool {
		return p.run(t, "exec", "--", "true").status == 0
	})
	await(t, time.Minute, "sshfs mounts the folder again", func() bool {
		return p.run(t, "exec", "--", "cat", filepath.Join(p.dir, "fbdock.hcl")).status == 0
	})
	if text, err := os.ReadFile(pwned); err == nil {
		t.Errorf("the guest's Ruby ran on the host, want it not run: vagrant %s", text)
	}
	for name, text := range p.secrets(t) {
		if old, ok := before[name]; ok && old != text {
			t.Errorf("secret %s has changed, want it untouched", name)
		}
	}
}

// secrets are the files of the host that a takeover begins with, by their path
// below the project.
func (p *project) secrets(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range []string{".fbdock", "home"} {
		err := filepath.WalkDir(filepath.Join(p.dir, dir), func(file string, d fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(p.dir, file)
			keys := filepath.Base(filepath.Dir(file)) == "ssh" || filepath.Base(filepath.Dir(file)) == "tls" || d.Name() == "keys.json"
			if err != nil || !d.Type().IsRegular() || !keys && d.Name() != "Vagrantfile" && d.Name() != "agent.json" {
				return nil
			}
			text, err := os.ReadFile(file)
			found[filepath.ToSlash(rel)] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 3 {
		t.Fatalf("%d secrets in %s, want keys and a Vagrantfile", len(found), p.dir)
	}
	return found
}

func names(of map[string]string) (list []string) {
	for name := range of {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// attack is what the attacker is to try.
type attack struct {
	Names []string // of files of the host, below the mounted folder
	Dir   string   // the folder's path on the host
	Ruby  string
}

// loot is what came of it.
type loot struct {
	Done    []string
	Control bool // the attacker can read and write what it may
}

// attack puts the attacker in the place of FreeBSD's sshfs, has the mount made
// again, and puts sshfs back.
func (p *project) attack(t *testing.T, a attack) (told loot) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	p.give(t, "/root/attacker", binary)
	p.give(t, "/root/attack.json.plan", plan)
	p.give(t, "/root/sshfs", []byte("#!/bin/sh\n[ \"$1\" != -h ] || exit 0\n"+attackEnv+"=/root/attack.json exec /root/attacker\n"))
	root := func(script string) result {
		return p.run(t, "exec", "--", "sudo", "-n", "sh", "-c", "PATH=$PATH:/usr/local/bin; "+script)
	}
	if r := root(`real=$(command -v sshfs) && mv "$real" "$real.real" && mv /root/sshfs "$real" && pkill -x sshfs`); r.status != 0 {
		t.Fatalf("replace sshfs in the guest = status %d, want 0\n%s%s", r.status, r.stdout, r.stderr)
	}
	var text string
	await(t, 2*time.Minute, "the attacker is done", func() bool {
		r := root("cat /root/attack.json")
		text = r.stdout
		return r.status == 0
	})
	if r := root(`evil=$(command -v sshfs) && mv "$evil.real" "$evil"`); r.status != 0 {
		t.Errorf("put sshfs back in the guest = status %d, want 0\n%s", r.status, r.stderr)
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		t.Fatalf("the attacker's report = %q, want JSON: %v", text, err)
	}
	return told
}

// give makes a program of root's in FreeBSD.
func (p *project) give(t *testing.T, name string, data []byte) {
	t.Helper()
	cmd := p.command(t, "exec", "-i", "--", "sudo", "-n", "sh", "-c", `cat >"$1" && chmod 755 "$1"`, "sh", name)
	cmd.Stdin = bytes.NewReader(data)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("write %s in the guest: %v, want exit status 0\n%s", name, err, out)
	}
}

// attacker speaks SFTP on its standard input and output, as sshfs does.
func attacker(out string) int {
	var told loot
	var a attack
	plan, err := os.ReadFile(out + ".plan")
	if err == nil {
		err = json.Unmarshal(plan, &a)
	}
	if err == nil {
		var c *sftp.Client
		if c, err = sftp.NewClientPipe(os.Stdin, os.Stdout); err == nil {
			told = a.run(c)
		}
	}
	if err != nil {
		told.Done = []string{"nothing: " + err.Error()}
	}
	data, err := json.Marshal(told)
	if err != nil || os.WriteFile(out+".new", data, 0o600) != nil || os.Rename(out+".new", out) != nil {
		return 1
	}
	return 0
}

// run tries all names by all ways.
func (a attack) run(c *sftp.Client) (told loot) {
	done := func(format string, args ...any) { told.Done = append(told.Done, fmt.Sprintf(format, args...)) }
	if file, err := c.Create("/control"); err == nil {
		_, _ = file.Write([]byte("mine"))
		_ = file.Close()
		text, _ := read(c, "/control")
		told.Control = text == "mine"
	}
	links := map[string]string{"/a-state": ".fbdock", "/b-home": "home", "/c-self": ".", "/d-abs": a.Dir, "/e-up": "..", "/f-deep": "home/fbdock/projects"}
	for link, text := range links {
		_ = c.Symlink(text, link)
	}
	for _, name := range a.Names {
		ways := []string{"/" + name, "/c-self/" + name, "/d-abs/" + name, "/e-up/" + filepath.Base(a.Dir) + "/" + name, "/" + strings.ToUpper(name)}
		for link, text := range links {
			if rest, ok := strings.CutPrefix(name, text+"/"); ok {
				ways = append(ways, link+"/"+rest)
			}
		}
		for i, way := range ways {
			if text, err := read(c, way); err == nil {
				done("read %s: %d bytes", way, len(text))
			}
			if c.Link(way, fmt.Sprint("/stolen-", i)) == nil {
				done("made a hard link of %s", way)
			}
			if file, err := c.OpenFile(way, os.O_WRONLY|os.O_CREATE|os.O_TRUNC); err == nil {
				_, _ = file.Write([]byte(a.Ruby))
				_ = file.Close()
				done("wrote %s", way)
			}
		}
	}
	for _, dir := range []string{"/.fbdock", "/home/fbdock", "/home", "/b-home/fbdock"} {
		if c.PosixRename(dir, "/stolen") == nil {
			done("renamed %s", dir)
		}
	}
	return told
}

func read(c *sftp.Client, name string) (string, error) {
	file, err := c.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	return string(text), err
}
