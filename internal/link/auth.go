package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/fbdock/fbdock/internal/hostfile"
)

// attempt is one login: it remembers how far it came, because the library
// tells refused keys from a broken connection only by words.
type attempt struct {
	to      Endpoint
	o       Options
	pins    *pins
	signers []ssh.Signer
	agent   net.Conn

	unusable []string
	tried    []string
	changed  *HostKeyChangedError
	refused  error         // by FirstSight
	seen     ssh.PublicKey // host key to be pinned
	asked    bool          // the server wanted a key
}

func newAttempt(ctx context.Context, to Endpoint, o Options) (*attempt, error) {
	a := &attempt{to: to, o: o}
	if o.HostKey == nil {
		pins, err := readPins(o.KnownHosts)
		if err != nil {
			return nil, err
		}
		a.pins = pins
	}
	a.loadKeys(ctx)
	return a, nil
}

func (a *attempt) close() {
	if a.agent != nil {
		_ = a.agent.Close()
	}
}

func (a *attempt) loadKeys(ctx context.Context) {
	for _, key := range a.to.Keys {
		a.signers = append(a.signers, key)
		a.tried = append(a.tried, "fbdock's key "+ssh.FingerprintSHA256(key.PublicKey()))
	}
	for _, file := range a.to.KeyFiles {
		signer, err := readKey(ctx, file)
		if err != nil {
			a.unusable = append(a.unusable, err.Error())
			continue
		}
		a.signers = append(a.signers, signer)
		a.tried = append(a.tried, file)
	}
	if a.o.AgentSocket == "" || (a.to.KeysOnly && len(a.signers) > 0) {
		return
	}
	conn, err := dialAgent(ctx, a.o.AgentSocket)
	if err != nil {
		a.unusable = append(a.unusable, fmt.Sprintf("ssh-agent: %v", err))
		return
	}
	a.agent = conn
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		a.unusable = append(a.unusable, fmt.Sprintf("ssh-agent: %v", err))
		return
	}
	for _, s := range signers {
		a.signers = append(a.signers, s)
		a.tried = append(a.tried, "ssh-agent "+ssh.FingerprintSHA256(s.PublicKey()))
	}
}

func readKey(ctx context.Context, file string) (ssh.Signer, error) {
	data, err := hostfile.Read(ctx, file, hostfile.MaxKey)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, fmt.Errorf("key %s has a passphrase: add it to ssh-agent", file)
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", file, err)
	}
	return signer, nil
}

func (a *attempt) config() *ssh.ClientConfig {
	c := &ssh.ClientConfig{
		User:          a.to.User,
		ClientVersion: "SSH-2.0-fbdock",
		// All keys in one method: the library tries each method once.
		Auth: []ssh.AuthMethod{ssh.PublicKeysCallback(func() ([]ssh.Signer, error) {
			a.asked = true
			return a.signers, nil
		})},
		HostKeyCallback:   a.checkHostKey,
		HostKeyAlgorithms: a.hostKeyAlgorithms(),
	}
	if a.o.Banner != nil {
		c.BannerCallback = func(text string) error {
			a.o.Banner(text)
			return nil
		}
	}
	if a.o.Local {
		// No key exchange against the computers of the future.
		c.KeyExchanges = []string{ssh.KeyExchangeCurve25519}
		c.Ciphers = []string{ssh.CipherAES128GCM, ssh.CipherChaCha20Poly1305}
	}
	return c
}

func (a *attempt) known() []ssh.PublicKey {
	if a.o.HostKey != nil {
		return []ssh.PublicKey{a.o.HostKey}
	}
	return a.pins.of(a.to.Name)
}

// hostKeyAlgorithms asks first for the types of key that are known, or a
// server with several would show one that is not. The others stay in the
// list, so that a server without the known type is told as a changed key
// and not as a failed negotiation.
func (a *attempt) hostKeyAlgorithms() []string {
	types := a.o.KeyTypes
	if known := a.known(); len(known) > 0 {
		types = nil
		for _, key := range known {
			types = append(types, key.Type())
		}
	}
	var first []string
	for _, kind := range types {
		if kind == ssh.KeyAlgoRSA {
			first = append(first, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512)
		}
		first = append(first, kind)
	}
	return append(first,
		ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512)
}

func (a *attempt) checkHostKey(_ string, _ net.Addr, key ssh.PublicKey) error {
	known := a.known()
	for _, k := range known {
		if sameKey(k, key) {
			return nil
		}
	}
	if len(known) == 0 {
		if a.o.FirstSight != nil {
			if a.refused = a.o.FirstSight(key); a.refused != nil {
				return a.refused
			}
		}
		a.seen = key
		return nil
	}
	a.changed = &HostKeyChangedError{
		Name: a.to.Name, Address: a.to.Address, Got: ssh.FingerprintSHA256(key),
	}
	if a.o.HostKey == nil {
		a.changed.File = a.o.KnownHosts
	}
	for _, k := range known {
		a.changed.Want = append(a.changed.Want, ssh.FingerprintSHA256(k))
	}
	return a.changed
}

// pin remembers the key of a server that let us in. One that did not may be
// another server on a reused port.
func (a *attempt) pin(ctx context.Context) error {
	if a.seen == nil {
		return nil
	}
	return Pin(ctx, a.o.KnownHosts, a.to.Name, a.seen)
}

func (a *attempt) explain(err error) error {
	if a.changed != nil {
		return a.changed
	}
	if a.refused != nil {
		return a.refused
	}
	_, network := errors.AsType[net.Error](err)
	broken := network || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)
	if a.asked && !broken {
		return &AuthError{
			Name: a.to.Name, Address: a.to.Address, User: a.to.User,
			Tried: a.tried, Unusable: a.unusable, Err: err,
		}
	}
	return &UnreachableError{Name: a.to.Name, Address: a.to.Address, Err: err}
}
