//go:build e2e

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// tcpPort proves that nobody gets at dockerd without a certificate of ours.
func tcpPort(t *testing.T, p *project) {
	const engine = "tcp://10.77.0.2:"
	put(t, p, "/tmp/foreign-cert.pem", "/tmp/foreign-key.pem")
	p.must(t, "exec", "--on", "engine", "--", "test", "-f", "/etc/docker/tls/ca.pem")
	ca := p.must(t, "exec", "--on", "engine", "--", "cat", "/etc/docker/tls/ca.pem").stdout
	write(t, p, "/tmp/engine-ca.pem", ca)
	tests := []struct{ name, command, want string }{
		{"plain HTTP on the TLS port", "docker -H " + engine + "2376 version", "HTTPS"},
		{"TLS without a certificate", "docker --tls --tlscacert /tmp/engine-ca.pem -H " + engine + "2376 version", "certificate"},
		{"TLS with a foreign certificate", "docker --tlsverify --tlscacert /tmp/engine-ca.pem --tlscert /tmp/foreign-cert.pem --tlskey /tmp/foreign-key.pem -H " + engine + "2376 version", "certificate"},
		{"the plain port", "docker -H " + engine + "2375 version", "connect"},
	}
	for _, tt := range tests {
		out := p.run(t, "exec", "--", "sh", "-c", "DOCKER_CONTEXT= HOME=/nonexistent "+tt.command)
		if out.status == 0 || !strings.Contains(out.stderr+out.stdout, tt.want) {
			t.Errorf("%s: status %d, want a refusal with %q in:\n%s%s", tt.name, out.status, tt.want, out.stdout, out.stderr)
		}
	}
}

// put makes a self-signed client certificate that no CA of ours knows.
func put(t *testing.T, p *project, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p, certFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, p, keyFile, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func write(t *testing.T, p *project, name, text string) {
	t.Helper()
	cmd := p.command(t, "exec", "-i", "--", "sh", "-c", "cat > "+name)
	cmd.Stdin = bytes.NewReader([]byte(text))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fbdock exec -i -- cat >%s: %v, want exit status 0\n%s", name, err, out)
	}
}
