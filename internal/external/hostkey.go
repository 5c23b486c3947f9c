package external

import (
	"bytes"
	"context"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/failure"
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
	keys, err := u.read()
	if err != nil {
		return nil // judge says it
	}
	var types []string
	for _, k := range keys {
		if !k.revoked {
			types = append(types, k.key.Type())
		}
	}
	return types
}

// judge tells whether the key is known; an error refuses the server.
func (u userKeys) judge(key ssh.PublicKey) (known bool, err error) {
	keys, err := u.read()
	if err != nil {
		return false, err
	}
	var other *knownKey
	for i, k := range keys {
		same := bytes.Equal(k.key.Marshal(), key.Marshal())
		switch {
		case k.revoked && same:
			return false, &failure.Error{
				Err:  fmt.Errorf("the host key of %s is %s, which is revoked (%s, line %d)", u.name, ssh.FingerprintSHA256(key), k.file, k.line),
				Next: "do not go on before you know why",
			}
		case same:
			known = true
		case !k.revoked && other == nil:
			other = &keys[i]
		}
	}
	if known || other == nil {
		return known, nil
	}
	return false, &failure.Error{
		Err: fmt.Errorf("the host key of %s is %s, and %s has another (line %d): this is another computer, or someone is in between",
			u.name, ssh.FingerprintSHA256(key), other.file, other.line),
		Next: fmt.Sprintf("if you reinstalled the computer yourself: ssh-keygen -f %q -R %q", other.file, u.name),
	}
}

// read has the lines for the name alone: nobody has seen the address.
func (u userKeys) read() ([]knownKey, error) {
	var keys []knownKey
	for _, file := range u.files {
		more, err := knownKeys(file, u.name)
		if err != nil {
			return nil, err
		}
		keys = append(keys, more...)
	}
	return keys, nil
}
