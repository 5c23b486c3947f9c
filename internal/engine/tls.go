package engine

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
)

// LoadTLS reads ca.pem, cert.pem and key.pem of a folder: the CA that the
// engine's certificate must come from, and the certificate shown to it.
func LoadTLS(dir string) (*tls.Config, error) {
	ca := filepath.Join(dir, "ca.pem")
	data, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read the engine's CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("read the engine's CA: %s holds no certificate", ca)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("read the client certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: []tls.Certificate{pair}}, nil
}
