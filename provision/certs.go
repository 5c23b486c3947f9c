package provision

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"time"
)

// Lifetimes. Server and client certificates are renewed by any fbdock up in
// the last month of theirs.
const (
	authorityLife = 10 * 365 * 24 * time.Hour
	leafLife      = 825 * 24 * time.Hour
	renewBefore   = 30 * 24 * time.Hour
	// backdate allows for a guest whose clock is behind, and for a host whose
	// clock is off by a time zone, as with two systems on one computer.
	backdate = 24 * time.Hour
)

// Pair is a certificate and its key, in PEM.
type Pair struct {
	Cert, Key []byte
}

// NewAuthority makes a certificate authority of one machine's own.
func NewAuthority(name string, now time.Time, random io.Reader) (Pair, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"fbdock"}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(authorityLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return issue(template, nil, random)
}

// NewServer makes dockerd's certificate.
func NewServer(ca Pair, host string, address netip.Addr, now time.Time, random io.Reader) (Pair, error) {
	template := leaf(host, x509.ExtKeyUsageServerAuth, now)
	template.DNSNames = []string{host, "localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), address.AsSlice()}
	return issue(template, &ca, random)
}

// NewClient makes a certificate that dockerd lets in.
func NewClient(ca Pair, name string, now time.Time, random io.Reader) (Pair, error) {
	return issue(leaf(name, x509.ExtKeyUsageClientAuth, now), &ca, random)
}

func leaf(name string, usage x509.ExtKeyUsage, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"fbdock"}},
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(leafLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{usage},
	}
}

// issue makes a key and has the certificate signed by ca, by itself when
// there is none.
func issue(template *x509.Certificate, ca *Pair, random io.Reader) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return Pair{}, fmt.Errorf("make key: %w", err)
	}
	template.SerialNumber, err = rand.Int(random, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return Pair{}, fmt.Errorf("make serial number: %w", err)
	}
	parent, signer := template, key
	if ca != nil {
		if parent, signer, err = ca.parse(); err != nil {
			return Pair{}, fmt.Errorf("certificate authority: %w", err)
		}
	}
	der, err := x509.CreateCertificate(random, template, parent, &key.PublicKey, signer)
	if err != nil {
		return Pair{}, fmt.Errorf("sign certificate: %w", err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("encode key: %w", err)
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}),
	}, nil
}

// parse reads the pair and makes sure that its halves belong together.
func (p Pair) parse() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := p.key()
	if err != nil {
		return nil, nil, err
	}
	certBlock, _ := pem.Decode(p.Cert)
	if certBlock == nil {
		return nil, nil, errors.New("the certificate is not in PEM")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, nil, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return nil, nil, errors.New("key and certificate do not belong together")
	}
	return cert, key, nil
}

func (p Pair) key() (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(p.Key)
	if block == nil {
		return nil, errors.New("it is not in PEM")
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

// good is true for a pair that can be used from now on and for a month:
// signed by ca and, for a server, naming host and address. A pair that was
// made by a clock that was ahead is not valid yet, and is not good.
func (p Pair) good(ca Pair, usage x509.ExtKeyUsage, names []string, now time.Time) bool {
	cert, _, err := p.parse()
	if err != nil {
		return false
	}
	authority, _, err := ca.parse()
	if err != nil {
		return false
	}
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	for _, at := range []time.Time{now, now.Add(renewBefore)} {
		_, err = cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}})
		if err != nil {
			return false
		}
	}
	for _, name := range names {
		if cert.VerifyHostname(name) != nil {
			return false
		}
	}
	return true
}
