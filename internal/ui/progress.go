package ui

import (
	"fmt"
	"strings"
	"time"
)

// The words that close a phase.
const (
	OK   = "ok"
	Skip = "skip"
	Fail = "fail"
)

// tick is how often the running line is drawn while nothing happens.
const tick = 200 * time.Millisecond

// quietBytes is how often a transfer is told where lines cannot be redrawn.
const quietBytes = 15 * time.Second

// phase is what runs now.
type phase struct {
	name        string
	began       time.Time
	detail      string
	done, total int64
	transfer    bool
	moved       time.Time // begin of the transfer
	told        time.Time // when a line was written last
	stop        chan struct{}
	stopped     chan struct{}
}

// Begin starts a phase, and ends one that still runs.
func (u *UI) Begin(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.endLocked(OK, "")
	u.phase = u.start(name)
	u.draw()
}

// start makes a phase whose seconds run where lines can be redrawn.
func (u *UI) start(name string) *phase {
	now := u.now()
	p := &phase{name: clean(name, oneLine), began: now, told: now}
	if u.redraw && !u.quiet {
		p.stop, p.stopped = make(chan struct{}), make(chan struct{})
		go u.animate(p.stop, p.stopped)
	}
	return p
}

// Detail says what the phase is busy with.
func (u *UI) Detail(text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	text = clean(text, oneLine)
	if u.phase != nil {
		u.phase.detail, u.phase.transfer = text, false
	}
	u.erase()
	if u.verbose && !u.quiet && text != "" {
		u.write("", "  "+text)
	}
	u.draw()
}

// Bytes says how much of a transfer is done; total is 0 when unknown.
func (u *UI) Bytes(done, total int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.phase != nil {
		u.moved(u.phase, done, total)
	}
}

// moved notes how much of a transfer is done. The lock is held.
func (u *UI) moved(p *phase, done, total int64) {
	now := u.now()
	if !p.transfer || done < p.done {
		p.transfer, p.moved = true, now
	}
	p.done, p.total = done, total
	if u.redraw || u.quiet || now.Sub(p.told) < quietBytes {
		return // the next tick draws it
	}
	p.told = now
	u.write("", p.name+": "+p.transferred(now))
}

// End closes the running phase with OK, Skip or Fail and a word on it.
func (u *UI) End(state, text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.endLocked(state, text)
}

// Close ends what is drawn: a phase that still runs did not come to its end.
func (u *UI) Close() { u.End(Fail, "stopped") }

func (u *UI) endLocked(state, text string) {
	p := u.phase
	if p == nil {
		return
	}
	u.phase = nil
	u.finish(p, state, text)
}

// finish writes the line that stays of a phase. The lock is held, and given up
// for a moment.
func (u *UI) finish(p *phase, state, text string) {
	u.erase()
	if p.stop != nil {
		close(p.stop)
		// It may wait for the lock that is held here.
		u.mu.Unlock()
		<-p.stopped
		u.mu.Lock()
		u.erase()
	}
	if u.quiet && state != Fail {
		return
	}
	code := map[string]string{OK: green, Skip: "", Fail: red}[state]
	text = clean(text, oneLine)
	if text != "" {
		text = "  " + text
	}
	// The word is padded before it is coloured, or the columns would slip.
	u.write("", fmt.Sprintf("%s %s %6s%s", u.paint(code, fmt.Sprintf("%-4s", state)),
		pad(p.name, 24), took(u.now().Sub(p.began)), text))
}

// animate keeps the seconds running.
func (u *UI) animate(stop <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			u.mu.Lock()
			u.draw()
			u.mu.Unlock()
		}
	}
}

// draw puts what runs on the last lines. The lock is held.
func (u *UI) draw() {
	running := u.beside
	if u.phase != nil {
		running = append([]*phase{u.phase}, running...)
	}
	if len(running) == 0 || !u.redraw || u.quiet {
		return
	}
	if u.drawn > 1 {
		u.erase()
	}
	var lines []string
	for _, p := range running {
		// A full last column wraps on some terminals.
		lines = append(lines, short(p.line(u.now()), u.Width()-1))
	}
	u.put(wipe + strings.Join(lines, "\n"))
	u.drawn = len(lines)
}

// line is the phase while it runs.
func (p *phase) line(now time.Time) string {
	spin := []string{"|", "/", "-", `\`}[int(now.Sub(p.began)/tick)%4]
	text := fmt.Sprintf("%-4s %s %6s", " "+spin, pad(p.name, 24), took(now.Sub(p.began)))
	switch {
	case p.transfer:
		text += "  " + p.transferred(now)
	case p.detail != "":
		text += "  " + p.detail
	}
	return text
}

// erase takes the running lines away. The lock is held.
func (u *UI) erase() {
	if u.drawn > 0 {
		u.put(wipe + strings.Repeat(above+wipe, u.drawn-1))
		u.drawn = 0
	}
}

// transferred is "12.3 of 200.0 MiB, 6%, 8.1 MiB/s, 23s left".
func (p *phase) transferred(now time.Time) string {
	const mib = 1 << 20
	var parts []string
	if p.total > 0 {
		parts = append(parts, fmt.Sprintf("%.1f of %.1f MiB", float64(p.done)/mib, float64(p.total)/mib),
			fmt.Sprintf("%d%%", min(100, p.done*100/p.total)))
	} else {
		parts = append(parts, fmt.Sprintf("%.1f MiB", float64(p.done)/mib))
	}
	if elapsed := now.Sub(p.moved).Seconds(); elapsed >= 1 && p.done > 0 {
		rate := float64(p.done) / elapsed
		parts = append(parts, fmt.Sprintf("%.1f MiB/s", rate/mib))
		if p.total > p.done {
			left := time.Duration(float64(p.total-p.done) / rate * float64(time.Second))
			parts = append(parts, took(left)+" left")
		}
	}
	return strings.Join(parts, ", ")
}

// took is a duration for people: "0.4s", "12s", "3m05s".
func took(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}
