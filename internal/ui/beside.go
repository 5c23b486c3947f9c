package ui

import "slices"

// Transfer begins a transfer that goes on beside others, each on a line of its
// own; a phase of Begin may run meanwhile. moved says how much is done, of 0 when
// that is unknown, and end closes it with OK, Skip or Fail and a word on it.
func (u *UI) Transfer(name string) (moved func(done, total int64), end func(state, text string)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	p := u.start(name)
	u.beside = append(u.beside, p)
	u.draw()
	moved = func(done, total int64) {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.moved(p, done, total)
	}
	return moved, func(state, text string) { u.endBeside(p, state, text) }
}

func (u *UI) endBeside(p *phase, state, text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	i := slices.Index(u.beside, p)
	if i < 0 {
		return // it was closed before
	}
	u.beside = slices.Delete(slices.Clone(u.beside), i, i+1)
	u.finish(p, state, text)
	u.draw()
}
