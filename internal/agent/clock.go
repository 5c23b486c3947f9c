package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/retry"
	"github.com/fbdock/fbdock/internal/untrusted"
)

const (
	// clockLook is the time between two looks at the host's own clocks.
	clockLook = 5 * time.Second
	// slept is the gap in them that only sleep leaves.
	slept = 4 * time.Second
	// clockOff is how far a guest's clock may be off before it is set.
	clockOff = 2 * time.Second
	// clockAnyway is the time after which they are looked at without a cause:
	// a guest under load loses seconds.
	clockAnyway = 30 * time.Minute
)

// Clock is a guest's clock as it was when it was last looked at.
type Clock struct {
	Guest string `json:"guest"`
	// Off is how far it was ahead of this host's.
	Off    time.Duration `json:"off_ns"`
	Looked time.Time     `json:"looked"`
	// Error is why it could not be read or set.
	Error string `json:"error,omitempty"`
}

// Wrong tells whether a guest's clock is too far off to be right.
func (c Clock) Wrong() bool { return c.Off.Abs() > clockOff }

// clocks are what is known of both guests'.
type clocks struct {
	sync.Mutex
	known map[string]Clock
}

func (c *clocks) list() []Clock {
	c.Lock()
	defer c.Unlock()
	return slices.SortedFunc(maps.Values(c.known), func(a, b Clock) int { return -strings.Compare(a.Guest, b.Guest) })
}

// watchClock notices that the host has slept: then the link is asked for a
// sign of life at once, and the guests' clocks are set, which stood still.
func (a *Agent) watchClock(ctx context.Context) {
	last, guests := time.Now(), a.clocked()
	for retry.Sleep(ctx, clockLook) == nil {
		now := time.Now()
		// The wall clock goes on asleep; where the monotonic one does too,
		// the pause was longer than it should be.
		gap := max(now.Round(0).Sub(last.Round(0)), now.Sub(last)) - clockLook
		last = now
		if a.forgotten() {
			a.stop(ErrGone)
			return
		}
		if gap > slept {
			a.o.Log.Info("woke up", "after", gap.Round(time.Second))
			for _, g := range guests {
				if j := g.link(); j != nil {
					a.probe(ctx, j)
				}
				g.known = nil
			}
			last = time.Now()
			continue // the next round finds a link that lives
		}
		for _, g := range guests {
			j := g.link()
			if j == nil || !j.Alive() || j == g.known && now.Sub(g.set) < clockAnyway {
				continue
			}
			g.known, g.set = j, now
			a.setClocks(ctx, g.name, j)
			last = time.Now() // the time that a slow guest took was no sleep
		}
	}
}

// clocked is a guest whose connection tells when its clock is to be looked at.
type clocked struct {
	name  string
	link  func() *uplink.Session
	known *uplink.Session // that it was looked at over
	set   time.Time
}

// clocked is FreeBSD, along with an engine in it, and an engine beside it for
// itself.
func (a *Agent) clocked() []*clocked {
	all := []*clocked{{name: UserFreeBSD, link: a.freebsd.Current}}
	if a.o.Sibling {
		all = append(all, &clocked{name: UserEngine, link: a.engine.Current})
	}
	return all
}

// forgotten tells whether the folder that the agent works in was removed.
func (a *Agent) forgotten() bool {
	_, err := os.Stat(a.o.Lock)
	return errors.Is(err, fs.ErrNotExist)
}

// probe gives a link up that does not answer soon; its own keepalive would
// take a while longer.
func (a *Agent) probe(ctx context.Context, j *uplink.Session) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := j.Run(ctx, link.Command{Raw: "true"}); err != nil && ctx.Err() != nil {
		a.o.Log.Warn("the link is dead after sleep")
		go func() { _ = j.Close() }()
	}
}

// setScript sets the clock to $1, seconds since 1970, when it is off by more
// than $2, and says what it was before. FreeBSD's date and the others differ.
const setScript = `now=$(date +%s); off=$((now - $1)); echo "$now"
[ "${off#-}" -le "$2" ] && exit 0
run=; [ "$(id -u)" = 0 ] || run="sudo -n"
if [ "$(uname -s)" = FreeBSD ]; then exec $run date -f %s "$1" >/dev/null; fi
exec $run date -u -s "@$1" >/dev/null`

// setClocks compares a guest's clock with the host's and sets it, and that of an
// engine in FreeBSD along with FreeBSD's; that of a computer of the user's own is
// only looked at.
func (a *Agent) setClocks(ctx context.Context, guest string, j *uplink.Session) {
	most := clockOff
	if guest == UserEngine {
		a.clockOf(ctx, UserEngine, j, most)
		return
	}
	if a.settings().OwnComputer {
		most = never
	}
	a.clockOf(ctx, UserFreeBSD, j, most)
	if e := a.engine.Current(); !a.o.Sibling && e != nil && e.Alive() {
		a.clockOf(ctx, UserEngine, e, clockOff)
	}
}

// lookAtClocks compares the clocks of both guests with the host's and sets
// none.
func (a *Agent) lookAtClocks(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var both sync.WaitGroup
	for guest, get := range map[string]func(context.Context) (*uplink.Session, error){UserFreeBSD: a.freebsd.Get, UserEngine: a.engine.Get} {
		both.Go(func() {
			j, err := get(ctx)
			if err != nil {
				a.noteClock(Clock{Guest: guest, Error: err.Error()})
				return
			}
			a.clockOf(ctx, guest, j, never)
		})
	}
	both.Wait()
}

// never is further off than a clock can be.
const never = 1 << 31 * time.Second

// clockOf looks at a guest's clock, and sets it when it is off by more than
// most.
func (a *Agent) clockOf(ctx context.Context, guest string, j *uplink.Session, most time.Duration) {
	off, err := setClock(ctx, j.Client, most)
	c := Clock{Guest: guest, Off: off}
	switch {
	case err != nil:
		c.Error = err.Error()
		a.o.Log.Warn("clock", "guest", guest, "error", err)
	case off.Abs() > most:
		a.o.Log.Info("clock set", "guest", guest, "off", off.Round(time.Second))
	}
	a.noteClock(c)
}

func (a *Agent) noteClock(c Clock) {
	a.clocks.Lock()
	defer a.clocks.Unlock()
	c.Looked = time.Now()
	if a.clocks.known == nil {
		a.clocks.known = map[string]Clock{}
	}
	a.clocks.known[c.Guest] = c
}

// setClock gives how far the clock was off before it was set. The guest tells
// whole seconds, some time between the question and the answer.
func setClock(ctx context.Context, c *link.Client, most time.Duration) (off time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	asked := time.Now()
	out, err := c.Output(ctx, link.Command{Args: []string{
		"sh", "-c", setScript, "sh", strconv.FormatInt(asked.Unix(), 10), strconv.Itoa(int(most / time.Second)),
	}})
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(out.Stdout), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the guest told no time: status %d: %q", out.Status, untrusted.Short(out.Stdout+out.Stderr, 200))
	}
	off = between(seconds, asked, time.Now())
	if out.Status != 0 {
		return off, &clockError{words: out.Reason()}
	}
	return off, nil
}

// between is how far a clock that showed seconds is surely off, when it was
// read at some time from asked to told.
func between(seconds int64, asked, told time.Time) time.Duration {
	first := time.Unix(seconds, 0)
	switch last := first.Add(time.Second); {
	case first.After(told):
		return first.Sub(told)
	case last.Before(asked):
		return last.Sub(asked)
	}
	return 0
}

// clockError is a clock that cannot be set.
type clockError struct{ words string }

func (e *clockError) Error() string { return "set the clock: " + e.words }
