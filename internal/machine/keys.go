package machine

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/state"
	"github.com/fbdock/fbdock/provision"
)

// readSecrets reads the keys of a machine; none are the zero value.
func readSecrets(files state.Machine) (provision.Secrets, error) {
	keys, err := files.Keys()
	if err != nil {
		return provision.Secrets{}, err
	}
	s, err := provision.ReadSecrets(keys)
	if damaged, ok := errors.AsType[*provision.KeyError](err); ok {
		err = &state.DamagedError{File: files.KeyFile(damaged.Name), Err: err}
	}
	return s, err
}

// EnsureSecrets are the keys of m. What is missing or has expired is made, and
// keys that were several files become one.
func EnsureSecrets(files state.Machine, m plan.Machine) (provision.Secrets, error) {
	s, err := readSecrets(files)
	if err != nil {
		return s, err
	}
	s, changed, err := s.Renew(m, time.Now(), rand.Reader)
	if err == nil && (changed || files.KeysStamp() == "") {
		err = files.SetKeys(s.PEM())
	}
	return s, err
}

// usedSecrets are the keys of a machine that is up.
func usedSecrets(files state.Machine) (provision.Secrets, error) {
	s, err := readSecrets(files)
	if err == nil && (len(s.CA.Cert) == 0 || len(s.EngineKey.Private) == 0 || len(s.EngineHostKey.Private) == 0) {
		err = &failure.Error{
			Err:  fmt.Errorf("the machine's keys are missing in %s", files.Path()),
			Next: "`fbdock up` makes new ones and brings them to the guests",
		}
	}
	return s, err
}

// engineTLS is how a client speaks to dockerd.
func engineTLS(files state.Machine) (*tls.Config, error) {
	s, err := usedSecrets(files)
	if err != nil {
		return nil, err
	}
	return engine.TLS(s.CA.Cert, s.Client.Cert, s.Client.Key)
}

// Certificates reads the client's certificate again when `up` has made
// another.
type Certificates struct {
	Files state.Machine

	mu    sync.Mutex
	stamp string
	now   *tls.Config
}

// Config is how a client speaks to dockerd now.
func (c *Certificates) Config() (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp := c.Files.KeysStamp()
	if c.now != nil && stamp != "" && stamp == c.stamp {
		return c.now, nil
	}
	config, err := engineTLS(c.Files)
	if err != nil {
		return nil, err
	}
	// An engine that is emulated takes long for a whole handshake.
	config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	c.now, c.stamp = config, stamp
	return config, nil
}
