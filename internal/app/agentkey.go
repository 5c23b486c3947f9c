package app

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/state"
)

// readSigner reads a private key. Public halves are derived from it: a file
// with one is an export that a crash may have kept from being written.
func readSigner(file string) (ssh.Signer, error) {
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
	key, err := readSigner(files.Agent().HostKey())
	if err != nil {
		return nil
	}
	return key.PublicKey()
}

// ensureAgentKey makes the agent's host key where it is missing. The
// socket's own mode is what keeps others out; the key is there because SSH
// has no way without, and OpenSSH wants to know it.
func (p *Project) ensureAgentKey(m plan.Machine) error {
	files := p.State.Machine(m.Name)
	key := agentKey(files)
	if key != nil && exists(files.Agent().HostKey()+".pub") && exists(files.Agent().KnownHosts()) {
		return nil
	}
	if key == nil {
		if _, err := readSigner(files.Agent().HostKey()); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the agent's host key: %w", err)
		}
		var err error
		if key, err = p.writeKey(files.Agent().HostKey()); err != nil {
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
		if err := p.State.Write(f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}

// writeKey makes a key and writes its private half.
func (p *Project) writeKey(file string) (ssh.PublicKey, error) {
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
	return key, p.State.Write(file, pem.EncodeToMemory(block))
}
