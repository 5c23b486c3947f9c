package agent

import (
	"time"

	"github.com/fbdock/fbdock/internal/failure"
)

// Mount is a folder of this host on its way into one guest.
type Mount struct {
	Guest    string `json:"guest"` // freebsd or engine
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"read_only,omitempty"`
	// Copied tells that the guest has a copy of it, one way.
	Copied bool `json:"copied,omitempty"`
	// Mounted tells whether the guest has it, Since when that is so or not.
	Mounted bool      `json:"mounted"`
	Since   time.Time `json:"since"`
	// Behind tells that a copy was not up to date in time when that was last
	// asked for.
	Behind bool `json:"behind,omitempty"`
	// Aside tells, in a sentence, what was in the way in the guest and where
	// it was moved to.
	Aside string `json:"aside,omitempty"`
	// Error is why it is not there, Hint the next step.
	Error string `json:"error,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

func (m *mounts) all() []*folder {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.folders
}

func (m *mounts) list() []Mount {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Mount
	for _, f := range m.folders {
		one := Mount{
			Guest: f.guest, Source: f.Source, Target: f.Target, ReadOnly: f.ReadOnly, Copied: f.Copied, Mounted: f.live != nil, Since: f.since,
			Behind: f.behind, Aside: f.aside,
		}
		if f.live == nil {
			one.Error, one.Hint = f.why()
		}
		all = append(all, one)
	}
	return all
}

// why is the reason that a folder is not mounted. The mutex is held.
func (f *folder) why() (words, hint string) {
	err := f.failed
	if err == nil && f.outer != nil && f.outer.failed != nil {
		err = &withinError{outer: f.outer.Source, err: f.outer.failed}
	}
	if err == nil {
		return "not yet mounted", ""
	}
	return err.Error(), failure.Hint(err)
}
