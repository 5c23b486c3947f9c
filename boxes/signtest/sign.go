// Package signtest signs files with new OpenPGP keys, for tests of what checks
// signatures. The product does not use it.
package signtest

import (
	"bytes"
	"encoding/hex"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
)

// Signer is a new key.
type Signer struct {
	entity *openpgp.Entity
	// Key is the public part, armoured; Fingerprint is in hexadecimal.
	Key         []byte
	Fingerprint string
}

// New makes a key.
func New() (*Signer, error) {
	e, err := openpgp.NewEntity("A. Maker", "", "maker@example.org", nil)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err != nil {
		return nil, err
	}
	if err := e.Serialize(w); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return &Signer{e, b.Bytes(), hex.EncodeToString(e.PrimaryKey.Fingerprint)}, nil
}

// Sign gives the armoured signature that lies beside a file.
func (s *Signer) Sign(data []byte) ([]byte, error) {
	var b bytes.Buffer
	err := openpgp.ArmoredDetachSign(&b, s.entity, bytes.NewReader(data), nil)
	return b.Bytes(), err
}
