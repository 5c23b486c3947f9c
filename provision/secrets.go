package provision

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/plan"
)

// SSHKey is an ed25519 key in OpenSSH's formats; Authorized is the public
// half as one line, without a newline.
type SSHKey struct {
	Private    []byte
	Authorized string
}

// NewSSHKey makes a key.
func NewSSHKey(comment string, random io.Reader) (SSHKey, error) {
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return SSHKey{}, fmt.Errorf("make ssh key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, comment)
	if err != nil {
		return SSHKey{}, fmt.Errorf("encode ssh key: %w", err)
	}
	return parseSSHKey(pem.EncodeToMemory(block), comment)
}

// Signer is the key as package ssh uses it.
func (k SSHKey) Signer() (ssh.Signer, error) { return ssh.ParsePrivateKey(k.Private) }

func parseSSHKey(private []byte, comment string) (SSHKey, error) {
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return SSHKey{}, fmt.Errorf("read ssh key: %w", err)
	}
	public := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(signer.PublicKey())), "\n")
	return SSHKey{Private: private, Authorized: public + " " + comment}, nil
}

// Secrets are all keys of one machine. They live on the host, in the state
// directory; CA.Key and EngineKey.Private never leave it.
type Secrets struct {
	CA          Pair // the machine's own certificate authority
	Server      Pair // dockerd
	Client      Pair // the host
	GuestClient Pair // the docker CLI in the FreeBSD guest

	EngineKey     SSHKey // host to engine
	GuestKey      SSHKey // FreeBSD guest to engine
	EngineHostKey SSHKey // the engine's identity
}

func (s *Secrets) pairs() []namedPair {
	return []namedPair{
		{&s.CA, "tls/ca.pem", "tls/ca-key.pem"}, {&s.Server, "tls/server-cert.pem", "tls/server-key.pem"},
		{&s.Client, "tls/cert.pem", "tls/key.pem"}, {&s.GuestClient, "tls/guest-cert.pem", "tls/guest-key.pem"},
	}
}

type namedPair struct {
	*Pair
	cert, key string
}

func (s *Secrets) sshKeys() []namedSSHKey {
	return []namedSSHKey{
		{&s.EngineKey, "ssh/engine_key", "fbdock host"}, {&s.GuestKey, "ssh/guest_key", "fbdock guest"},
		{&s.EngineHostKey, "ssh/engine_host_key", "fbdock engine"},
	}
}

type namedSSHKey struct {
	*SSHKey
	name, comment string
}

// KeyError is a private key that is not missing and cannot be used.
type KeyError struct {
	Name string
	Err  error
}

func (e *KeyError) Error() string { return fmt.Sprintf("the key %s: %v", e.Name, e.Err) }

func (e *KeyError) Unwrap() error { return e.Err }

// ReadSecrets makes secrets of what PEM gave. What is missing stays empty, for
// Renew; a private key that cannot be used is a *KeyError.
func ReadSecrets(pem map[string]string) (s Secrets, err error) {
	for _, p := range s.pairs() {
		p.Cert, p.Key = []byte(pem[p.cert]), []byte(pem[p.key])
		if _, ok := pem[p.key]; ok {
			if _, err := p.Pair.key(); err != nil {
				return s, &KeyError{p.key, err}
			}
		}
	}
	for _, k := range s.sshKeys() {
		if data, ok := pem[k.name]; ok {
			if *k.SSHKey, err = parseSSHKey([]byte(data), k.comment); err != nil {
				return s, &KeyError{k.name, err}
			}
		}
	}
	return s, nil
}

// PEM are the private keys and certificates by name. Public SSH keys are
// always derived from the private ones.
func (s Secrets) PEM() map[string]string {
	all := map[string]string{}
	for _, p := range s.pairs() {
		all[p.cert], all[p.key] = string(p.Cert), string(p.Key)
	}
	for _, k := range s.sshKeys() {
		all[k.name] = string(k.Private)
	}
	return all
}

// Renew makes what is missing, and certificates that are about to expire, not
// valid yet, or made for another address. SSH keys stay as they are.
func (s Secrets) Renew(m plan.Machine, now time.Time, random io.Reader) (renewed Secrets, changed bool, err error) {
	var r renewal
	r.pair(&s.CA, s.CA.good(s.CA, x509.ExtKeyUsageAny, nil, now),
		func() (Pair, error) { return NewAuthority("fbdock "+m.Instance, now, random) })
	names := []string{m.Engine.Address.String(), m.Name, "localhost", "127.0.0.1"}
	r.pair(&s.Server, s.Server.good(s.CA, x509.ExtKeyUsageServerAuth, names, now),
		func() (Pair, error) { return NewServer(s.CA, m.Name, m.Engine.Address, now, random) })
	r.pair(&s.Client, s.Client.good(s.CA, x509.ExtKeyUsageClientAuth, nil, now),
		func() (Pair, error) { return NewClient(s.CA, "host", now, random) })
	r.pair(&s.GuestClient, s.GuestClient.good(s.CA, x509.ExtKeyUsageClientAuth, nil, now),
		func() (Pair, error) { return NewClient(s.CA, "freebsd guest", now, random) })
	for _, k := range s.sshKeys() {
		if len(k.Private) == 0 && r.err == nil {
			r.changed = true
			*k.SSHKey, r.err = NewSSHKey(k.comment, random)
		}
	}
	return s, r.changed, r.err
}

// renewal makes one pair after the other, up to the first error.
type renewal struct {
	changed bool
	err     error
}

func (r *renewal) pair(p *Pair, good bool, fresh func() (Pair, error)) {
	if r.err != nil || good {
		return
	}
	r.changed = true
	*p, r.err = fresh()
}
