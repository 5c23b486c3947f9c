package sftpserver_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// raceTimeEnv is for how long TestRaces goes on, 2 s without it.
const raceTimeEnv = "FBDOCK_RACE_TIME"

// TestRaces: two sessions of the guest rename, link, replace and create while
// two others open, read, write and list, and fbdock itself makes a private
// folder again and again. Nothing private comes out and nothing outside of the
// folder changes.
func TestRaces(t *testing.T) {
	t.Parallel()
	limit := 2 * time.Second
	if text := os.Getenv(raceTimeEnv); text != "" {
		var err error
		limit, err = time.ParseDuration(text)
		must(t, err)
	}
	v := newVictim(t)
	made := filepath.Join(v.project, "made")
	v.private = append(v.private, made)
	r := &race{victim: v, end: time.Now().Add(limit)}
	var running sync.WaitGroup
	for i, do := range []func(*talker, *rand.Rand) string{r.move, r.move, r.open, r.open} {
		to, random := talk(t, v.project, v.private...), rand.New(rand.NewPCG(12, uint64(i)))
		running.Go(func() { r.run(to, random, do) })
	}
	running.Go(func() { // fbdock
		for r.goesOn() {
			if err := os.Mkdir(made, 0o700); err != nil {
				t.Errorf("Mkdir of the private folder: %v, want no error (did the guest make it?)", err)
				return
			}
			_ = os.WriteFile(filepath.Join(made, "key"), []byte(sentinel), 0o600)
			_ = os.RemoveAll(made)
			r.made.Add(1)
		}
	})
	running.Wait()
	t.Logf("%d tries in %v: %s; a private folder was made %d times", r.tries.Load(), limit, &r.count, r.made.Load())
	v.unharmed(t)
}

type race struct {
	*victim
	end         time.Time
	tries, made atomic.Int64
	leaked      atomic.Bool
	count       counts
}

// counts are how often each kind of request was granted.
type counts struct {
	mu      sync.Mutex
	granted map[string]int
	asked   map[string]int
}

func (c *counts) add(kind string, granted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil {
		c.asked, c.granted = map[string]int{}, map[string]int{}
	}
	c.asked[kind]++
	if granted {
		c.granted[kind]++
	}
}

func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b bytes.Buffer
	for _, kind := range []string{"swap", "rename", "symlink", "link", "mkdir", "remove", "rmdir", "create", "read", "write", "stat", "list"} {
		fmt.Fprintf(&b, "%s %d of %d, ", kind, c.granted[kind], c.asked[kind])
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte(", ")))
}

func (r *race) goesOn() bool { return !r.leaked.Load() && time.Now().Before(r.end) }

func (r *race) run(to *talker, random *rand.Rand, do func(*talker, *rand.Rand) string) {
	for r.goesOn() {
		if what := do(to, random); what != "" {
			r.leaked.Store(true)
			to.t.Errorf("%s, want no access to private files", what)
		}
		r.tries.Add(1)
	}
}

// dirs and files are what the sessions fight over: few names, so that they
// meet.
func dirName(random *rand.Rand) string {
	return pick(random, "/a", "/b", "/a/c", "/b/c", "/src", "/deep", "/nested", "/a/state", "/made", "/.fbdock", "/deep/state")
}

func fileName(random *rand.Rand) string {
	return dirName(random) + pick(random, "/key", "/f", "/secret", "/Vagrantfile", "/dev/key", "/state/key", "/c/key", "/.fbdock/Vagrantfile")
}

func (r *race) linkText(random *rand.Rand) string {
	return pick(random, ".fbdock", ".fbdock/dev", "deep/state", "deep", ".", "..", "../outside", "made", "../state", r.base, filepath.Join(r.base, "state"), r.private[0],
		"../.fbdock", "../deep/state", "key", "../../outside/secret", "../outside/secret", "deep/state/key", ".fbdock/dev/key", "../deep/state/key", filepath.Join(r.base, "outside", "secret"))
}

func pick(random *rand.Rand, of ...string) string { return of[random.IntN(len(of))] }

// hot are names that are a file, a link or a folder in quick turns.
func hot(random *rand.Rand) string { return pick(random, "/src/f", "/hot") }

// swap puts something else at a hot name.
func (r *race) swap(to *talker, random *rand.Rand) {
	name, spare := hot(random), fmt.Sprint("/spare", random.IntN(3))
	if random.IntN(2) == 0 {
		to.ask(say(byte(20), 1, r.linkText(random), spare))
	} else {
		to.ask(say(byte(4), 1, to.handle(to.ask(say(byte(3), 1, spare, 0x2a, 0)))))
	}
	r.count.add("swap", code(to.ask(say(byte(200), 1, "posix-rename@openssh.com", spare, name))) == 0)
}

// move does one thing to the tree.
func (r *race) move(to *talker, random *rand.Rand) string {
	if random.IntN(3) == 0 {
		r.swap(to, random)
		return ""
	}
	kind := pick(random, "rename", "rename", "rename", "symlink", "symlink", "link", "mkdir", "mkdir", "remove", "remove", "rmdir", "create")
	var packet []byte
	switch kind {
	case "rename":
		name := dirName
		if random.IntN(3) == 0 {
			name = fileName
		}
		packet = say(byte(200), 1, "posix-rename@openssh.com", name(random), name(random))
	case "symlink":
		packet = say(byte(20), 1, r.linkText(random), pick(random, dirName(random), fileName(random)))
	case "link":
		packet = say(byte(200), 1, "hardlink@openssh.com", fileName(random), fileName(random))
	case "mkdir":
		packet = say(byte(14), 1, dirName(random), 0)
	case "remove":
		packet = say(byte(13), 1, pick(random, dirName(random), fileName(random)))
	case "rmdir":
		packet = say(byte(15), 1, dirName(random))
	case "create":
		if h := to.handle(to.ask(say(byte(3), 1, fileName(random), 0x1a, 0))); h != "" {
			to.ask(say(byte(6), 1, h, uint64(0), "attack"))
			to.ask(say(byte(4), 1, h))
			r.count.add(kind, true)
			return ""
		}
	}
	r.count.add(kind, packet != nil && code(to.ask(packet)) == 0)
	return ""
}

// open reads or writes, and tells when the sentinel came out.
func (r *race) open(to *talker, random *rand.Rand) string {
	name := fileName(random)
	if random.IntN(2) == 0 {
		name = hot(random)
	}
	switch kind := pick(random, "read", "read", "read", "write", "stat", "list"); kind {
	case "read":
		h := to.handle(to.ask(say(byte(3), 1, name, 1, 0)))
		r.count.add(kind, h != "")
		if h == "" {
			return ""
		}
		answer := to.ask(say(byte(5), 1, h, uint64(0), 4096))
		if bytes.Contains(answer, []byte("SENTINEL")) {
			return fmt.Sprintf("%s was read: %q", name, answer)
		}
		to.ask(say(byte(4), 1, h))
	case "write":
		h := to.handle(to.ask(say(byte(3), 1, name, 2|pickFlag(random), 0)))
		r.count.add(kind, h != "")
		if h != "" {
			to.ask(say(byte(6), 1, h, uint64(0), "attack"))
			to.ask(say(byte(4), 1, h))
		}
	case "stat":
		answer := to.ask(say(byte(17), 1, name))
		r.count.add(kind, answer[0] == 105)
	case "list":
		h := to.handle(to.ask(say(byte(11), 1, dirName(random))))
		r.count.add(kind, h != "")
		if h != "" {
			to.ask(say(byte(12), 1, h))
			to.ask(say(byte(12), 1, h))
			to.ask(say(byte(4), 1, h))
		}
	}
	return ""
}

// pickFlag is none, or create and truncate.
func pickFlag(random *rand.Rand) int { return random.IntN(2) * 0x18 }
