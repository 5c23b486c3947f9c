package engine

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"path/filepath"

	"github.com/fbdock/fbdock/internal/privatefile"
)

// LoadTLS reads ca.pem, cert.pem and key.pem of a folder: the CA that the
// engine's certificate must come from, and the certificate shown to it.
func LoadTLS(dir string) (*tls.Config, error) {
	ca := filepath.Join(dir, "ca.pem")
	data, err := privatefile.Read(ca)
	if err != nil {
		return nil, fmt.Errorf("read the engine's CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("read the engine's CA: %s holds no certificate", ca)
	}
	cert, err := privatefile.Read(filepath.Join(dir, "cert.pem"))
	if err != nil {
		return nil, fmt.Errorf("read the client certificate: %w", err)
	}
	key, err := privatefile.Read(filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("read the client's key: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("read the client certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: []tls.Certificate{pair}}, nil
}
