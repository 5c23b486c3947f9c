package machine

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// ReadSigner reads a private key. Public halves are derived from it: a file
// with one is an export that a crash may have kept from being written.
func ReadSigner(file string) (ssh.Signer, error) {
	data, err := privatefile.Read(file)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return nil, &state.DamagedError{File: file, Err: err}
	}
	return signer, nil
}

// agentKey is the public host key of the agent, nil when it has none that can
// be read.
func agentKey(files state.Machine) ssh.PublicKey {
	key, err := ReadSigner(files.Agent().HostKey())
	if err != nil {
		return nil
	}
	return key.PublicKey()
}

// EnsureAgentKey makes the agent's host key where it is missing. The
// socket's own mode is what keeps others out; the key is there because SSH
// has no way without, and OpenSSH wants to know it.
func (m Machine) EnsureAgentKey() error {
	files := m.Files
	key := agentKey(files)
	if key != nil && host.Exists(files.Agent().HostKey()+".pub") && host.Exists(files.Agent().KnownHosts()) {
		return nil
	}
	if key == nil {
		if _, err := ReadSigner(files.Agent().HostKey()); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the agent's host key: %w", err)
		}
		var err error
		if key, err = WriteKey(m.Project, files.Agent().HostKey()); err != nil {
			return fmt.Errorf("make the agent's host key: %w", err)
		}
	}
	line := ssh.MarshalAuthorizedKey(key)
	for _, f := range []struct {
		name string
		data []byte
	}{
		{files.Agent().KnownHosts(), append([]byte("agent "), line...)},
		{files.Agent().HostKey() + ".pub", line},
	} {
		if err := m.Project.Write(f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}

// WriteKey makes a key and writes its private half.
func WriteKey(d state.Dir, file string) (ssh.PublicKey, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return key, d.Write(file, pem.EncodeToMemory(block))
}
