package agent

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/link"
)

const (
	// clockLook is the time between two looks at the laptop's own clocks.
	clockLook = 5 * time.Second
	// slept is the gap in them that only sleep leaves.
	slept = 4 * time.Second
	// clockOff is how far a guest's clock may be off before it is set.
	clockOff = 2 * time.Second
)

// clock is what is known of the guest's.
type clock struct {
	sync.Mutex
	off    time.Duration
	looked time.Time
}

// watchClock notices that the laptop has slept: then the link is asked for a
// sign of life at once, and the guests' clocks are set, which stood still.
func (a *Agent) watchClock(ctx context.Context) {
	last := time.Now()
	known := (*joint)(nil)
	for pause(ctx, clockLook) {
		now := time.Now()
		// The wall clock goes on asleep; where the monotonic one does too,
		// the pause was longer than it should be.
		gap := max(now.Round(0).Sub(last.Round(0)), now.Sub(last)) - clockLook
		last = now
		if a.forgotten() {
			a.stop(ErrGone)
			return
		}
		j := a.freebsd.current()
		if gap > slept {
			a.o.Log.Info("woke up", "after", gap.Round(time.Second))
			if j != nil {
				a.probe(ctx, j)
			}
			known = nil
			continue // the next round finds a link that lives
		}
		if j == nil || j == known || !j.alive() {
			continue
		}
		known = j
		a.setClocks(ctx, j)
	}
}

// forgotten tells whether the folder that the agent works in was removed.
func (a *Agent) forgotten() bool {
	_, err := os.Stat(a.o.Lock)
	return errors.Is(err, fs.ErrNotExist)
}

// probe gives a link up that does not answer soon; its own keepalive would
// take a while longer.
func (a *Agent) probe(ctx context.Context, j *joint) {
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

// setClocks compares the guests' clocks with the laptop's and sets them.
func (a *Agent) setClocks(ctx context.Context, j *joint) {
	off, err := setClock(ctx, j.Client)
	a.clock.Lock()
	a.clock.off, a.clock.looked = off, time.Now()
	a.clock.Unlock()
	switch {
	case err != nil:
		a.o.Log.Warn("clock of the guest", "error", err)
	case off.Abs() > clockOff:
		a.o.Log.Info("clock of the guest set", "off", off.Round(time.Second))
	}
	if e := a.engine.current(); e != nil && e.alive() {
		if off, err := setClock(ctx, e.Client); err != nil || off.Abs() > clockOff {
			a.o.Log.Info("clock of the engine", "off", off.Round(time.Second), "error", err)
		}
	}
}

func setClock(ctx context.Context, c *link.Client) (off time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	now := time.Now()
	var out, words bytes.Buffer
	status, err := c.Run(ctx, link.Command{
		Args: []string{
			"sh", "-c", setScript, "sh", strconv.FormatInt(now.Unix(), 10), strconv.Itoa(int(clockOff / time.Second)),
		},
		Stdout: &out, Stderr: &words,
	})
	if err != nil {
		return 0, err
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(out.String()), 10, 64)
	if err != nil {
		return 0, err
	}
	off = time.Unix(seconds, 0).Sub(now)
	if status != 0 {
		return off, &clockError{words: strings.TrimSpace(words.String())}
	}
	return off, nil
}

// clockError is a clock that cannot be set.
type clockError struct{ words string }

func (e *clockError) Error() string { return "set the clock: " + e.words }
