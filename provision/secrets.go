package provision

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

func parseSSHKey(private []byte, comment string) (SSHKey, error) {
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		return SSHKey{}, fmt.Errorf("read ssh key: %w", err)
	}
	public := strings.TrimSuffix(string(ssh.MarshalAuthorizedKey(signer.PublicKey())), "\n")
	return SSHKey{Private: private, Authorized: public + " " + comment}, nil
}

// Secrets are all keys of one machine. They live on the host, in
// the folder of the machine; CA.Key and EngineKey.Private never leave it.
type Secrets struct {
	CA          Pair // the machine's own certificate authority
	Server      Pair // dockerd
	Client      Pair // the laptop
	GuestClient Pair // the docker CLI in the FreeBSD guest

	EngineKey     SSHKey // laptop to engine
	GuestKey      SSHKey // FreeBSD guest to engine
	EngineHostKey SSHKey // the engine's identity
}

// Names of the files below the folder of the machine.
const (
	caCert, caKey                   = "tls/ca.pem", "tls/ca-key.pem"
	serverCert, serverKey           = "tls/server-cert.pem", "tls/server-key.pem"
	clientCert, clientKey           = "tls/cert.pem", "tls/key.pem"
	guestClientCert, guestClientKey = "tls/guest-cert.pem", "tls/guest-key.pem"
	engineKey                       = "ssh/engine_key"
	guestKey                        = "ssh/guest_key"
	engineHostKey                   = "ssh/engine_host_key"
)

// DamagedError says that a private key is there and is not one. It is not
// replaced unasked: the engine knows the key that it was, and whoever changed
// the file may be found.
type DamagedError struct {
	File string // below the folder of the machine
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the key %s is damaged, and is not replaced: %v", e.File, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// Hint is the next step for the user.
func (e *DamagedError) Hint() string {
	return "restore the file from a backup; or remove it and run `fbdock up`, which makes another"
}

// EnsureSecrets reads the keys of a machine from dir, the machine's folder in
// the state directory, and makes what is missing, about to expire or made for
// another address. changed tells that Files must be written, also when only a
// public half is missing, as after a crash: those are exports, and what counts
// is derived from the private key. A private key that is there and cannot be
// used is an error: it is not replaced.
func EnsureSecrets(dir fs.FS, m plan.Machine, now time.Time, random io.Reader) (s Secrets, changed bool, err error) {
	e := ensurer{dir: dir, now: now, random: random}
	s.CA = e.pair(caCert, caKey, func(p Pair) bool { return p.good(p, x509.ExtKeyUsageAny, nil, now) },
		func() (Pair, error) { return NewAuthority("fbdock "+m.Instance, now, random) })
	names := []string{m.Engine.Address.String(), m.Name, "localhost", "127.0.0.1"}
	s.Server = e.pair(serverCert, serverKey,
		func(p Pair) bool { return p.good(s.CA, x509.ExtKeyUsageServerAuth, names, now) },
		func() (Pair, error) { return NewServer(s.CA, m.Name, m.Engine.Address, now, random) })
	client := func(p Pair) bool { return p.good(s.CA, x509.ExtKeyUsageClientAuth, nil, now) }
	s.Client = e.pair(clientCert, clientKey, client,
		func() (Pair, error) { return NewClient(s.CA, "laptop", now, random) })
	s.GuestClient = e.pair(guestClientCert, guestClientKey, client,
		func() (Pair, error) { return NewClient(s.CA, "freebsd guest", now, random) })
	s.EngineKey = e.sshKey(engineKey, "fbdock laptop")
	s.GuestKey = e.sshKey(guestKey, "fbdock guest")
	s.EngineHostKey = e.sshKey(engineHostKey, "fbdock engine")
	return s, e.changed, e.err
}

// Files are the secrets as files below the folder of the machine, all 0600.
func (s Secrets) Files() []File {
	file := func(path string, data []byte) File { return File{path, 0o600, data} }
	public := func(k SSHKey) []byte { return []byte(k.Authorized + "\n") }
	return []File{
		file(caCert, s.CA.Cert), file(caKey, s.CA.Key),
		file(serverCert, s.Server.Cert), file(serverKey, s.Server.Key),
		file(clientCert, s.Client.Cert), file(clientKey, s.Client.Key),
		file(guestClientCert, s.GuestClient.Cert), file(guestClientKey, s.GuestClient.Key),
		file(engineKey, s.EngineKey.Private), file(engineKey+".pub", public(s.EngineKey)),
		file(guestKey, s.GuestKey.Private), file(guestKey+".pub", public(s.GuestKey)),
		file(engineHostKey, s.EngineHostKey.Private), file(engineHostKey+".pub", public(s.EngineHostKey)),
	}
}

// ensurer reads or makes one secret after the other, up to the first error.
type ensurer struct {
	dir     fs.FS
	now     time.Time
	random  io.Reader
	changed bool
	err     error
}

func (e *ensurer) read(name string) []byte {
	if e.err != nil {
		return nil
	}
	data, err := fs.ReadFile(e.dir, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		e.err = fmt.Errorf("read secret: %w", err)
	}
	return data
}

func (e *ensurer) pair(cert, key string, good func(Pair) bool, fresh func() (Pair, error)) Pair {
	p := Pair{Cert: e.read(cert), Key: e.read(key)}
	if e.err != nil || good(p) {
		return p
	}
	if len(p.Key) > 0 {
		if _, err := p.key(); err != nil {
			e.err = &DamagedError{File: key, Err: err}
			return p
		}
	}
	e.changed = true
	p, e.err = fresh()
	return p
}

func (e *ensurer) sshKey(name, comment string) SSHKey {
	data := e.read(name)
	if e.err != nil {
		return SSHKey{}
	}
	var k SSHKey
	if data == nil {
		e.changed = true
		k, e.err = NewSSHKey(comment, e.random)
		return k
	}
	k, err := parseSSHKey(data, comment)
	if err != nil {
		e.err = &DamagedError{File: name, Err: err}
		return k
	}
	if public := e.read(name + ".pub"); string(public) != k.Authorized+"\n" {
		e.changed = true
	}
	return k
}
