package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/state"
)

// Env is what fbdock is given of the host that it runs on.
type Env struct {
	// Environ is the user's environment, as os.Environ gives it.
	Environ []string
	// Version of this fbdock.
	Version string
	// CacheDir holds what is downloaded.
	CacheDir string
	// OS that fbdock runs on, as in runtime.GOOS; "" is that.
	OS string
	// Confirm asks the user a question that only yes answers with true; nil
	// where nobody can be asked.
	Confirm  func(question string) (bool, error)
	Progress progress.Reporter
	Runner   run.Runner
	Timeouts Timeouts
}

// Timeouts is how long fbdock waits for others; 0 is the default.
type Timeouts struct {
	// Project bounds the wait for another fbdock on the same project.
	Project time.Duration
	// Engine bounds the wait for dockerd after bhyve has started; the
	// default is 15 minutes.
	Engine time.Duration
	// Download is the pause between two rounds over the mirrors of a file;
	// package boxes has the default.
	Download time.Duration
	// Watch is how often the engine is looked at meanwhile.
	Watch time.Duration
	// Boot bounds the wait for FreeBSD to answer again, Settle that for the
	// layers that follow dockerd, and Command that of a docker command for an
	// engine that boots.
	Boot, Settle, Command time.Duration
	// VagrantVersion, VagrantQuery and VagrantLock are Vagrant's; package
	// vagrant has the defaults.
	VagrantVersion, VagrantQuery, VagrantLock time.Duration
}

// Lookup is the value of a variable of the environment.
func (e Env) Lookup(name string) (string, bool) {
	for _, pair := range slices.Backward(e.Environ) {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value, true
		}
	}
	return "", false
}

// Home is the user's folder on this host.
func (e Env) Home() (string, bool) {
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, ok := e.Lookup(name); ok && home != "" {
			return home, true
		}
	}
	return "", false
}

// GOOS is the operating system that fbdock runs on.
func (e Env) GOOS() string { return cmp.Or(e.OS, runtime.GOOS) }

// Store is the user's state directory.
func (e Env) Store() (state.Store, error) {
	return state.At(e.Lookup, runtime.GOOS)
}

// places are where sockets may be.
func (e Env) places() localsocket.Places {
	home, _ := e.Home()
	runtime, _ := e.Lookup("XDG_RUNTIME_DIR")
	return localsocket.Places{Home: home, Runtime: runtime}
}

// Address is where a socket of an agent is.
func (e Env) Address(path string) (string, error) {
	return e.places().Address(path)
}

// NoAgent tells whether the user wants no background process.
func (e Env) NoAgent() bool {
	value, _ := e.Lookup("FBDOCK_AGENT")
	return value == "off" || value == "0"
}

// Private are the folders of this host that no guest may see or change, where
// a mount has them: what fbdock keeps of all projects, the marker of this one,
// and the folders of sockets and of the cache.
func (e Env) Private(folder state.Dir) []string {
	private := append([]string{folder.Home(), folder.Marker()}, e.places().Folders()...)
	if e.CacheDir != "" {
		private = append(private, e.CacheDir)
	}
	return private
}

// Confirmed is nil when the user has said yes.
func (e Env) Confirmed(question string) error {
	if e.Confirm == nil {
		return &failure.Error{Err: errors.New("nobody can be asked: " + question), Code: failure.ExitUsage}
	}
	ok, err := e.Confirm(question)
	if err != nil {
		return &failure.Error{Err: err, Code: failure.ExitUsage}
	}
	if !ok {
		return &failure.Error{Err: errors.New("nothing was changed")}
	}
	return nil
}

// Exists tells whether there is a file, also where it cannot be looked at.
func Exists(name string) bool {
	_, err := os.Stat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

// Build tells one fbdock from another: the version says too little while it
// is being worked on.
func (e Env) Build() string {
	file, err := os.Executable()
	if err != nil {
		return e.Version
	}
	info, err := os.Stat(file)
	if err != nil {
		return e.Version
	}
	return fmt.Sprintf("%s %d %d", e.Version, info.Size(), info.ModTime().UnixNano())
}
