package link

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

var errTimeout = errors.New("no answer in time")

// reason prefers the cause of an ended context to the noise that its end
// made in the connection.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// UnreachableError says that nothing that speaks SSH answers at the address.
type UnreachableError struct {
	Name, Address string
	Err           error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("reach %s at %s: %v", e.Name, e.Address, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *UnreachableError) Hint() string {
	return "see whether it runs with `fbdock status`, start it with `fbdock up`"
}

// AuthError says that the server is there and takes none of the keys.
type AuthError struct {
	Name, Address, User string
	// Tried are the keys offered; Unusable those that could not be, with
	// the reason.
	Tried    []string
	Unusable []string
	Err      error
}

func (e *AuthError) Error() string {
	text := fmt.Sprintf("log in to %s at %s as %s: no key is accepted (tried %d)", e.Name, e.Address, e.User, len(e.Tried))
	return strings.Join(append([]string{text}, e.Unusable...), "; ")
}

func (e *AuthError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *AuthError) Hint() string {
	return "another machine may have taken the port; `fbdock up` looks up the address and keys again"
}

// HostKeyChangedError says that the server shows another key than the one
// that was pinned. Nothing was sent to it.
type HostKeyChangedError struct {
	Name, Address string
	File          string // of the pins; "" when the key was given
	Want          []string
	Got           string // SHA256 fingerprint
}

func (e *HostKeyChangedError) Error() string {
	return fmt.Sprintf("the host key of %s at %s is %s, and %v is known: "+
		"this is another machine, or someone is in between", e.Name, e.Address, e.Got, e.Want)
}

// Hint is the next step for the user.
func (e *HostKeyChangedError) Hint() string {
	if e.File == "" {
		return "if you rebuilt the machine yourself, run `fbdock up`"
	}
	return fmt.Sprintf("if you rebuilt the machine yourself, delete the line of %s in %s", e.Name, e.File)
}

// LostError says that the link dropped, or that a session on it ended
// without a status.
type LostError struct {
	Name string
	Err  error
}

func (e *LostError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("the connection to %s was lost", e.Name)
	}
	return fmt.Sprintf("the connection to %s was lost: %v", e.Name, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *LostError) Hint() string {
	return "the command may still run there; see `fbdock status` and try again"
}

// RefusedError says that the server would not open a channel: a session
// over its MaxSessions, or a tunnel that it forbids or cannot connect.
type RefusedError struct {
	Name       string
	Kind       string // session, direct-tcpip, ...
	Prohibited bool   // by its configuration, so that trying again is idle
	Err        error
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s refuses a %s channel: %v", e.Name, e.Kind, e.Err)
}

func (e *RefusedError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *RefusedError) Hint() string {
	if e.Kind == "session" {
		return "too many commands run over one connection; wait for some to end, or raise MaxSessions of its sshd"
	}
	if e.Prohibited {
		return "its sshd must allow forwarding (AllowTcpForwarding, AllowStreamLocalForwarding)"
	}
	return "see `fbdock status` for what does not run there"
}
