package platforms

import "net/netip"

// Result of a check.
type Result string

// The results. Fail means that this computer cannot run the machine as
// wanted; warn, that it may, with a drawback that is told.
const (
	Pass Result = "pass"
	Warn Result = "warn"
	Fail Result = "fail"
	Skip Result = "skip"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	Result Result `json:"result"`
	Seen   string `json:"seen"`
	// Why it matters; set where there is something to repair.
	Why string `json:"why,omitempty"`
	Fix Remedy `json:"fix,omitzero"`
}

// Wanted is what the machine in question asks of this computer. The zero
// value is a machine with fbdock's defaults.
type Wanted struct {
	Provider   string `json:"provider,omitempty"`   // "" and auto let fbdock choose
	Hypervisor string `json:"hypervisor,omitempty"` // of the engine: "" and auto, bhyve, qemu
	Placement  string `json:"placement,omitempty"`  // of the engine: "" and auto, nested, sibling
	// PlacementReason is why, "" where nobody has said so.
	PlacementReason string `json:"placement_reason,omitempty"`
	// ForeignBox tells that the box comes from a registry or by metadata, and not
	// from fbdock itself or as a file.
	ForeignBox bool         `json:"foreign_box,omitempty"`
	Memory     uint64       `json:"memory,omitempty"` // of the guest, and of an engine beside it, bytes
	Network    netip.Prefix `json:"network,omitzero"`
}

// Diagnosis is the answer of all checks.
type Diagnosis struct {
	// Provider that would be used, "" when there is none.
	Provider string `json:"provider,omitempty"`
	// Placement is where the engine would be, "" without a provider; Speed is
	// the engine's, where the checks let it run.
	Placement string  `json:"placement,omitempty"`
	Speed     string  `json:"speed,omitempty"`
	Result    Result  `json:"result"` // the worst of Checks
	Checks    []Check `json:"checks"`
	// Ranking of the providers, the best first.
	Ranking []Option `json:"ranking"`
}

// Failures are the checks that failed.
func (d Diagnosis) Failures() []Check { return d.having(Fail) }

// Warnings are the checks that warn.
func (d Diagnosis) Warnings() []Check { return d.having(Warn) }

func (d Diagnosis) having(r Result) []Check {
	var found []Check
	for _, c := range d.Checks {
		if c.Result == r {
			found = append(found, c)
		}
	}
	return found
}

// Diagnose judges facts. It asks nothing of the computer it runs on.
func Diagnose(f Facts, w Wanted) Diagnosis {
	d := doctor{Facts: f, want: w, ranking: Rank(f)}
	d.choose()
	d.settlePlace()
	if d.choice.Provider == providerSSH {
		d.ranking = nil
		d.remote()
	} else {
		d.computer()
		d.system()
		d.vagrant()
		d.programs()
		d.provider()
		d.bhyve()
		d.placement()
		d.surroundings()
	}
	out := Diagnosis{Provider: d.choice.Provider, Placement: d.placed, Speed: d.speed(), Result: Pass, Ranking: d.ranking}
	for _, c := range d.checks {
		out.Add(c)
	}
	return out
}

// Add appends a check that somebody else has made.
func (d *Diagnosis) Add(c Check) {
	d.Checks = append(d.Checks, c)
	if c.Result == Fail || c.Result == Warn && d.Result != Fail {
		d.Result = c.Result
	}
}

// doctor collects checks.
type doctor struct {
	Facts
	want    Wanted
	ranking []Option
	// choice is the provider that would be used; named says that the user
	// named it, and then it need not be usable.
	choice Option
	named  bool
	// placed is where the engine is, "" without a provider; placedWhy is why.
	placed, placedWhy string
	checks            []Check
}

func (d *doctor) pass(name, seen string) {
	d.checks = append(d.checks, Check{Name: name, Result: Pass, Seen: seen})
}
func (d *doctor) skip(name, seen string) {
	d.checks = append(d.checks, Check{Name: name, Result: Skip, Seen: seen})
}

func (d *doctor) warn(name, seen, why string, fix Remedy) {
	d.checks = append(d.checks, Check{Name: name, Result: Warn, Seen: seen, Why: why, Fix: fix})
}

func (d *doctor) fail(name, seen, why string, fix Remedy) {
	d.checks = append(d.checks, Check{Name: name, Result: Fail, Seen: seen, Why: why, Fix: fix})
}

// laboratory tells whether the provider is fbdock's test bench, which supports nesting
// nothing and runs wherever docker does.
func (d *doctor) laboratory() bool { return d.want.Provider == "docker" }

func (d *doctor) choose() {
	if d.want.Provider == "" || d.want.Provider == "auto" {
		if o, err := Choose(d.Facts); err == nil {
			d.choice = o
		}
		return
	}
	d.named = true
	for _, o := range d.ranking {
		if o.Provider == d.want.Provider {
			d.choice = o
			return
		}
	}
	elsewhere := d.laboratory() || d.want.Provider == providerSSH
	d.choice = Option{Provider: d.want.Provider, Usable: elsewhere}
	if d.want.Provider == providerNative {
		d.choice.Reason = "the provider native wants FreeBSD, and this is " + d.OS
	} else if !elsewhere {
		d.choice.Reason = "Vagrant has no provider " + d.want.Provider + " on " + d.OS
	}
}
