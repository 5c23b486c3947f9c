// Package rosetta stands in for github.com/tonistiigi/go-rosetta, which not
// every module proxy has. `docker version` asks it whether it runs under
// Rosetta; no flag depends on that.
package rosetta

// Enabled tells whether this program runs under Rosetta.
func Enabled() bool { return false }
