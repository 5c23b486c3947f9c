//go:build e2e

package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestJails is the life of jails: declared ones, others that are made by hand,
// and one that goes to another machine. Its parts run in order.
func TestJails(t *testing.T) {
	j := &jailsTest{project: newProject(t, ""), box: jailBox(t, "14.1", "14.2"), file: filepath.Join(t.TempDir(), "copy.jail")}
	if err := os.Mkdir(filepath.Join(j.dir, "src"), 0o700); err != nil {
		t.Fatal(err)
	}
	j.write(t, "src/told", "by the host\n")
	j.configure(t, j.box, "", jailBlocks)
	j.destroyAtEnd(t)
	for _, part := range []struct {
		name string
		test func(*testing.T)
	}{
		{"two are declared", j.declared},
		{"up again changes nothing", j.nothingToDo},
		{"they are reached as guests", j.guests},
		{"one by hand: snapshot and rollback", j.byHand},
		{"a clone with limits, exported", j.cloned},
		{"up leaves those by hand alone", j.nothingToDo},
		{"the guest reboots", j.reboots},
		{"halt", func(t *testing.T) { j.must(t, "halt") }},
		{"imported on another machine", j.imported},
		{"up brings all of them back", j.back},
		{"another release", j.anotherRelease},
		{"destroy", j.destroyed},
	} {
		if !t.Run(part.name, part.test) {
			t.Logf("status:\n%s", j.run(t, "status").stdout)
			return
		}
	}
}

// jailBlocks: web sees a folder of the host, so that it waits for the agent; db
// has a limit, which takes a loader tunable and a reboot.
const jailBlocks = `  mount "src" { target = "/src" }
  jail "web" {
    packages = ["jq"]
    mount "src" { target = "/src" }
    provision "site" { inline = "echo \"of the script\" >/root/site" }
  }
  jail "db" {
    memory = "64MiB"
  }
`

type jailsTest struct {
	*project
	box, file string
}

func (p *project) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// jails are those of the machine, by name.
func (p *project) jails(t *testing.T) map[string]jailState {
	t.Helper()
	var all []struct {
		Name string
		jailState
	}
	out := p.must(t, "jail", "list", "--json").stdout
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("fbdock jail list --json = %q, want JSON: %v", out, err)
	}
	jails := map[string]jailState{}
	for _, one := range all {
		jails[one.Name] = one.jailState
	}
	return jails
}

type jailState struct {
	State, Release, Address string
	Declared                bool
}

// wantJails compares what `jail list` says.
func (p *project) wantJails(t *testing.T, want map[string]jailState) {
	t.Helper()
	got := p.jails(t)
	for name, state := range want {
		if got[name] != state {
			t.Errorf("fbdock jail list: jail %s = %+v, want %+v", name, got[name], state)
		}
	}
	if len(got) != len(want) {
		t.Errorf("fbdock jail list = %+v, want %d jails", got, len(want))
	}
}

// inJail runs a command line in a jail, and wants it to say just that.
func (p *project) inJail(t *testing.T, name, line, want string) {
	t.Helper()
	if out := p.must(t, "exec", "--on", "jail/"+name, "--", "sh", "-c", line); out.stdout != want {
		t.Errorf("fbdock exec --on jail/%s -- sh -c %q = %q, want %q", name, line, out.stdout, want)
	}
}

func twoJails() map[string]jailState {
	return map[string]jailState{"web": {"running", "14.2", "10.79.0.43", true}, "db": {"running", "14.2", "10.79.0.57", true}}
}

func (j *jailsTest) declared(t *testing.T) {
	j.up(t)
	j.wantJails(t, twoJails())
	j.inJail(t, "web", "cat /root/site", "of the script\n")
	lock, err := os.ReadFile(filepath.Join(j.dir, "fbdock.lock.hcl"))
	if err != nil || !strings.Contains(string(lock), `jail_base "14.2" "amd64" {`) {
		t.Errorf("fbdock.lock.hcl after fbdock up, error = %v, want a block jail_base \"14.2\" \"amd64\":\n%s", err, lock)
	}
	// FreeBSD's own commands know them.
	if out := j.root(t, "jls name; rctl jail:db; jls -j web host.hostname; cat /etc/fstab.web"); out != "db\nweb\njail:db:memoryuse:deny=67108864\nweb\n/src /var/jails/web/src nullfs rw 0 0\n" {
		t.Errorf("jls, rctl and fstab in FreeBSD = %q, want db, web, the limit of db, and web's folder", out)
	}
}

func (p *project) root(t *testing.T, script string) string {
	t.Helper()
	return p.must(t, "exec", "--", "sudo", "-n", "sh", "-c", script).stdout
}

// nothingToDo: neither up nor what is below it changes a jail.
func (j *jailsTest) nothingToDo(t *testing.T) {
	before, list := j.root(t, jailFiles), j.jails(t)
	if out := j.must(t, "up"); !strings.Contains(out.stderr, "nothing to do") {
		t.Errorf("second fbdock up: stderr, want \"nothing to do\":\n%s", out.stderr)
	}
	j.wantJails(t, list)
	if after := j.root(t, jailFiles); after != before {
		t.Errorf("jails, their datasets and files after the second fbdock up:\n%s\nwant those of before:\n%s", after, before)
	}
}

// jailFiles prints what a jail that is made or started again would change.
const jailFiles = "jls jid name; zfs list -H -t all -o name,origin -r fbdock/fbdock/jails fbdock/fbdock/jail-base; sha256 /etc/jail.conf.d/* /var/db/fbdock/jails/*/settings; sysrc jail_list"

func (j *jailsTest) guests(t *testing.T) {
	if out := j.must(t, "exec", "--on", "jail/web", "--", "freebsd-version"); out.stdout != "14.2-RELEASE\n" {
		t.Errorf("freebsd-version in jail web = %q, want \"14.2-RELEASE\\n\"", out.stdout)
	}
	if out := j.must(t, "jail", "exec", "web", "--", "printf", "%s|", "a  b", "$HOME", "", "!!"); out.stdout != "a  b|$HOME||!!|" {
		t.Errorf("printf in jail web = %q, want the arguments as they are", out.stdout)
	}
	if out := j.run(t, "exec", "--on", "jail/db", "--", "sh", "-c", "echo no >&2; exit 7"); out.status != 7 || !strings.Contains(out.stderr, "no\n") {
		t.Errorf("exit 7 in jail db = status %d, stderr %q, want 7 and no", out.status, out.stderr)
	}
	cmd := j.command(t, "ssh", "--on", "jail/web")
	cmd.Stdin = strings.NewReader("cat /root/site; exit 5\n")
	if out, err := cmd.Output(); exitStatus(err) != 5 || string(out) != "of the script\n" {
		t.Errorf("fbdock ssh --on jail/web = status %d, %q, want 5 and \"of the script\\n\"", exitStatus(err), out)
	}
	if out := j.must(t, "logs", "--layer", "jail/web"); !strings.Contains(out.stdout, "rc of web\n") {
		t.Errorf("fbdock logs --layer jail/web = %q, want what its rc says", out.stdout)
	}
	if out := j.must(t, "status"); !regexp.MustCompile(`(?m)^\s*jails +ok +db web of db web`).MatchString(out.stdout) {
		t.Errorf("fbdock status, want a line on jails:\n%s", out.stdout)
	}
	if out := j.run(t, "exec", "--on", "jail/nobody", "--", "true"); out.status != 125 || !strings.Contains(out.stderr, "no jail nobody") {
		t.Errorf("fbdock exec --on jail/nobody = status %d, %q, want 125 and \"no jail nobody\"", out.status, out.stderr)
	}
}

func (j *jailsTest) byHand(t *testing.T) {
	j.must(t, "jail", "create", "scratch", "--allow", "raw_sockets", "--release", "14.1")
	j.inJail(t, "scratch", "freebsd-version; echo first >/root/file", "14.1-RELEASE\n")
	j.must(t, "jail", "snapshot", "scratch", "before")
	j.inJail(t, "scratch", "echo lost >/root/file", "")
	j.must(t, "jail", "rollback", "scratch", "before")
	j.inJail(t, "scratch", "cat /root/file", "first\n")
	if out := j.run(t, "jail", "create", "scratch"); out.status != 1 || !strings.Contains(out.stderr, "jail scratch is there already") {
		t.Errorf("fbdock jail create scratch again = status %d, %q, want 1 and \"there already\"", out.status, out.stderr)
	}
}

func (j *jailsTest) cloned(t *testing.T) {
	j.must(t, "jail", "clone", "scratch", "copy")
	j.inJail(t, "copy", "cat /root/file", "first\n")
	j.inJail(t, "copy", "echo second >/root/file", "")
	j.inJail(t, "scratch", "cat /root/file", "first\n")
	j.must(t, "jail", "limits", "copy", "--memory", "48MiB", "--cpus", "1")
	if got := j.root(t, "rctl jail:copy"); got != "jail:copy:memoryuse:deny=50331648\njail:copy:pcpu:deny=100\n" {
		t.Errorf("rctl jail:copy = %q, want 48 MiB and one CPU", got)
	}
	if out := j.must(t, "jail", "limits", "copy").stdout; !regexp.MustCompile(`(?m)^memory +48MiB `).MatchString(out) || !regexp.MustCompile(`(?m)^cpus +1 `).MatchString(out) {
		t.Errorf("fbdock jail limits copy, want 48MiB and 1:\n%s", out)
	}
	j.must(t, "jail", "export", "copy", j.file)
	all := twoJails()
	all["scratch"], all["copy"] = jailState{"running", "14.1", "10.79.0.254", false}, jailState{"running", "14.1", "10.79.0.253", false}
	j.wantJails(t, all)
	if out := j.root(t, "zfs list -H -t snapshot -o name -r fbdock/fbdock/jails"); strings.Contains(out, "@export") {
		t.Errorf("snapshots after fbdock jail export = %q, want no @export", out)
	}
}

// reboots: FreeBSD starts the jails by itself, and the agent the one that sees
// a folder of the host.
func (j *jailsTest) reboots(t *testing.T) {
	list := j.jails(t)
	boot := func() string { return j.run(t, "exec", "--", "sysctl", "-n", "kern.boottime").stdout }
	before := boot()
	j.run(t, "exec", "--", "sudo", "-n", "shutdown", "-r", "now")
	await(t, 10*time.Minute, "the guest boots anew", func() bool { now := boot(); return now != "" && now != before })
	took := await(t, 5*time.Minute, "jail web runs again", func() bool { return j.run(t, "exec", "--on", "jail/web", "--", "true").status == 0 })
	t.Logf("jail web runs %s after FreeBSD", took)
	await(t, time.Minute, "all jails run again", func() bool { return maps.Equal(j.jails(t), list) })
}

// imported: the other machine has its own network and nothing of the first.
func (j *jailsTest) imported(t *testing.T) {
	other := newProject(t, "")
	other.configure(t, j.box, "", "  jail_network = \"10.81.0.0/24\"\n")
	other.destroyAtEnd(t)
	other.up(t)
	other.must(t, "jail", "import", j.file, "moved")
	other.wantJails(t, map[string]jailState{"moved": {"running", "14.1", "10.81.0.254", false}})
	other.inJail(t, "moved", "cat /root/file", "second\n")
	if out := other.must(t, "jail", "logs", "moved"); !strings.Contains(out.stdout, "rc of moved\n") {
		t.Errorf("fbdock jail logs moved = %q, want what its rc says", out.stdout)
	}
	if out := other.must(t, "up"); !strings.Contains(out.stderr, "nothing to do") {
		t.Errorf("fbdock up with an imported jail: stderr, want \"nothing to do\":\n%s", out.stderr)
	}
	other.must(t, "jail", "destroy", "moved", "--yes")
	other.wantJails(t, nil)
	if out := other.root(t, "zfs list -H -o name -r fbdock/fbdock/jails; jls name; ls /etc/jail.conf.d; sysrc -n jail_list"); out != "fbdock/fbdock/jails\n\n" {
		t.Errorf("what is left of jail moved = %q, want the parent dataset alone", out)
	}
}

func (j *jailsTest) back(t *testing.T) {
	began := time.Now()
	j.up(t)
	t.Logf("up after halt: %s", time.Since(began).Round(time.Second))
	all := twoJails()
	all["scratch"], all["copy"] = jailState{"running", "14.1", "10.79.0.254", false}, jailState{"running", "14.1", "10.79.0.253", false}
	j.wantJails(t, all)
	j.inJail(t, "web", "cat /root/site", "of the script\n")
	j.inJail(t, "copy", "cat /root/file", "second\n")
	j.nothingToDo(t)
}

// anotherRelease asks first; what the jail was is kept.
func (j *jailsTest) anotherRelease(t *testing.T) {
	j.inJail(t, "db", "echo precious >/root/data", "")
	j.configure(t, j.box, "", strings.Replace(jailBlocks, `jail "db" {`, "jail \"db\" {\n    release = \"14.1\"", 1))
	if out := j.run(t, "up"); out.status != 2 || !strings.Contains(out.stderr, "Make these jails of dev anew: db (FreeBSD 14.2 to 14.1)?") {
		t.Errorf("fbdock up with another release = status %d, %q, want 2 and a question", out.status, out.stderr)
	}
	j.inJail(t, "db", "cat /root/data; freebsd-version", "precious\n14.2-RELEASE\n")
	if out := j.must(t, "up", "--yes"); !strings.Contains(out.stderr, "what it was is kept in fbdock/fbdock/jails-kept/db-14.2") {
		t.Errorf("fbdock up --yes with another release: stderr, want it to say where the old jail is:\n%s", out.stderr)
	}
	j.inJail(t, "db", "freebsd-version; [ ! -e /root/data ] || echo left", "14.1-RELEASE\n")
	if got := j.root(t, "zfs mount fbdock/fbdock/jails-kept/db-14.2; cat /var/jails/.kept/db-14.2/root/data; rctl jail:db"); got != "precious\njail:db:memoryuse:deny=67108864\n" {
		t.Errorf("the file that is kept and the limit of db = %q, want both", got)
	}
	j.nothingToDo(t)
}

func (j *jailsTest) destroyed(t *testing.T) {
	j.must(t, "jail", "destroy", "scratch", "--yes")
	j.inJail(t, "copy", "cat /root/file", "second\n") // the clone stays
	j.must(t, "jail", "destroy", "copy", "--yes")
	if out := j.run(t, "jail", "destroy", "web", "--yes"); out.status != 1 || !strings.Contains(out.stderr, "jail web is in fbdock.hcl") {
		t.Errorf("fbdock jail destroy web = status %d, %q, want 1 and \"is in fbdock.hcl\"", out.status, out.stderr)
	}
	j.configure(t, j.box, "", "  jail \"db\" {\n    memory = \"64MiB\"\n  }\n")
	j.up(t)
	j.wantJails(t, map[string]jailState{"web": {"running", "14.2", "10.79.0.43", false}, "db": {"running", "14.1", "10.79.0.57", true}})
	j.must(t, "jail", "destroy", "web", "--yes")
	if out := j.root(t, "zfs list -H -o name -r fbdock/fbdock/jails; jls name; ls /etc/jail.conf.d; sysrc -n jail_list"); out != "fbdock/fbdock/jails\nfbdock/fbdock/jails/db\ndb\ndb.conf\ndb\n" {
		t.Errorf("what is left in FreeBSD = %q, want jail db alone", out)
	}
}
