package external

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
)

// Dialing lets the user's own known_hosts judge a computer that is not
// pinned yet; one that they do not know is pinned after its key was shown.
func (o *Computer) Dialing(l *link.Options) {
	if o.Plan.Provider == plan.ProviderNative {
		l.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { return o.dialNative(ctx) }
		return
	}
	r, err := ReadRecord(o.Files, o.Plan.Name)
	if err != nil {
		l.FirstSight = func(ssh.PublicKey) error { return err }
		return
	}
	known := userKeys{files: r.KnownHosts, name: r.Lookup}
	l.KeyTypes = known.types()
	l.FirstSight = func(key ssh.PublicKey) error {
		judged, err := known.judge(key)
		if err == nil && !judged {
			o.Progress.Say(fmt.Sprintf("the host key of %s is %s; your known_hosts does not have it, so it is pinned now: "+
				"compare it with what `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` says there", Where(o.Plan), ssh.FingerprintSHA256(key)))
		}
		return err
	}
}

// userKeys are the host keys that the user's own files have for one name.
type userKeys struct {
	files []string
	name  string
}

// types of the keys that are known: a server with several shall show one of
// those.
func (u userKeys) types() []string {
	check, err := u.callback()
	if err != nil || check == nil {
		return nil
	}
	var types []string
	if told, ok := errors.AsType[*knownhosts.KeyError](u.ask(check, noKey{})); ok {
		for _, k := range told.Want {
			types = append(types, k.Key.Type())
		}
	}
	return types
}

// judge tells whether the key is known; an error refuses the server.
func (u userKeys) judge(key ssh.PublicKey) (known bool, err error) {
	check, err := u.callback()
	if err != nil {
		return false, err
	}
	if check == nil {
		return false, nil
	}
	err = u.ask(check, key)
	told, ok := errors.AsType[*knownhosts.KeyError](err)
	switch {
	case err == nil:
		return true, nil
	case ok && len(told.Want) == 0:
		return false, nil
	case !ok:
		return false, &failure.Error{Err: fmt.Errorf("the host key of %s: %w", u.name, err), Next: "do not go on before you know why"}
	}
	return false, &failure.Error{
		Err: fmt.Errorf("the host key of %s is %s, and %s has another (line %d): this is another computer, or someone is in between",
			u.name, ssh.FingerprintSHA256(key), told.Want[0].Filename, told.Want[0].Line),
		Next: fmt.Sprintf("if you reinstalled the computer yourself: ssh-keygen -f %q -R %q", told.Want[0].Filename, u.name),
	}
}

func (u userKeys) callback() (ssh.HostKeyCallback, error) {
	if len(u.files) == 0 {
		return nil, nil //nolint:nilnil // nothing is known
	}
	for _, file := range u.files {
		// The library opens them itself, and would wait for a named pipe.
		text, err := hostfile.ReadNow(file, hostfile.MaxKnownHosts)
		if err != nil {
			return nil, fmt.Errorf("read your known_hosts: %w", err)
		}
		// ssh ends a line there, and the library does not.
		if before, _, found := bytes.Cut(text, []byte{0}); found {
			return nil, &failure.Error{
				Err:  fmt.Errorf("read your known_hosts: %s:%d: it holds a NUL byte", file, bytes.Count(before, []byte{'\n'})+1),
				Next: "repair that line, or remove it",
			}
		}
	}
	check, err := knownhosts.New(u.files...)
	if err != nil {
		// What is not understood must not become "nothing is known".
		return nil, &failure.Error{Err: fmt.Errorf("read your known_hosts: %w", err), Next: "repair that line, or remove it"}
	}
	return check, nil
}

func (u userKeys) ask(check ssh.HostKeyCallback, key ssh.PublicKey) error {
	address := u.name
	if !strings.HasPrefix(address, "[") {
		address = net.JoinHostPort(address, "22")
	}
	// The files are asked for the name alone: nobody has seen the address.
	return check(address, &net.TCPAddr{}, key)
}

// noKey is one that nobody has.
type noKey struct{}

func (noKey) Type() string                        { return "none" }
func (noKey) Marshal() []byte                     { return []byte("none") }
func (noKey) Verify([]byte, *ssh.Signature) error { return errors.New("no key") }
