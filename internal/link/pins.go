package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/atomicfile"
	"github.com/fbdock/fbdock/internal/privatefile"
)

// pins is a known_hosts file whose hosts are aliases. OpenSSH reads it with
// UserKnownHostsFile and HostKeyAlias.
type pins struct {
	entries []pinned
}

type pinned struct {
	name string
	key  ssh.PublicKey
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

func readPins(file string) (*pins, error) {
	if file == "" {
		return nil, errors.New("neither a host key nor a file of known host keys is given")
	}
	data, err := privatefile.Read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &pins{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read known host keys: %w", err)
	}
	p := &pins{}
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); len(line) == 0 || line[0] == '#' {
			continue
		}
		_, hosts, key, _, _, err := ssh.ParseKnownHosts(line)
		if err != nil {
			// A file that is not understood must not become "nothing is
			// known": that would accept any key. The library passes over
			// lines that are cut short.
			return nil, fmt.Errorf("read known host keys: %s: %w", file, err)
		}
		for _, h := range hosts {
			p.entries = append(p.entries, pinned{name: h, key: key})
		}
	}
	return p, nil
}

func (p *pins) of(name string) []ssh.PublicKey {
	var keys []ssh.PublicKey
	for _, e := range p.entries {
		if e.name == name {
			keys = append(keys, e.key)
		}
	}
	return keys
}

func (p *pins) bytes() []byte {
	var b bytes.Buffer
	for _, e := range p.entries {
		b.WriteString(e.name)
		b.WriteByte(' ')
		b.Write(ssh.MarshalAuthorizedKey(e.key))
	}
	return b.Bytes()
}

// Pin adds a key for name to a file of pins.
func Pin(ctx context.Context, file, name string, key ssh.PublicKey) error {
	if name == "" || strings.ContainsAny(name, " \t\r\n,*?!|#@") {
		return fmt.Errorf("pin a host key: %q cannot stand in %s", name, file)
	}
	return editPins(ctx, file, func(p *pins) {
		for _, k := range p.of(name) {
			if sameKey(k, key) {
				return
			}
		}
		p.entries = append(p.entries, pinned{name: name, key: key})
	})
}

func editPins(ctx context.Context, file string, edit func(*pins)) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("pin a host key: %w", err)
	}
	lock := privatefile.Lock(file + ".lock")
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return fmt.Errorf("pin a host key: lock %s: %w", file, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	p, err := readPins(file)
	if err != nil {
		return err
	}
	edit(p)
	if err := atomicfile.WriteFile(file, p.bytes(), 0o600); err != nil {
		return fmt.Errorf("pin a host key: %w", err)
	}
	return nil
}
