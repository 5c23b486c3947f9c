package engine_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fbdock/fbdock/internal/engine"
)

// address is the engine's within the guest; the fake listens elsewhere, and
// the test dials it itself.
const address = "10.77.0.2:2376"

// authority is a CA that signs for the fake daemon and its clients.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true,
		NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t *testing.T, use x509.ExtKeyUsage) (certPEM, keyPEM []byte) {
	t.Helper()
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{use}, IPAddresses: []net.IP{net.ParseIP("10.77.0.2")},
	}, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
}

// keys are the arguments of engine.TLS.
type keys [3][]byte

// keysOf trusts one authority and shows a client certificate of another.
func keysOf(t *testing.T, trusted, signer *authority) keys {
	t.Helper()
	cert, key := signer.sign(t, x509.ExtKeyUsageClientAuth)
	return keys{trusted.pem, cert, key}
}

// daemon is a dockerd as far as these questions go, behind mutual TLS. It
// answers 500 until ready.
type daemon struct {
	server *httptest.Server
	// answers take the place of the ordinary ones, by path.
	answers map[string]http.HandlerFunc
	ready   atomic.Bool
	asked   atomic.Int64
}

func startDaemon(t *testing.T, ca *authority) *daemon {
	t.Helper()
	d := &daemon{}
	d.ready.Store(true)
	d.server = httptest.NewUnstartedServer(d)
	cert, key := ca.sign(t, x509.ExtKeyUsageServerAuth)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(ca.pem)
	d.server.TLS = &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
	}
	d.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	d.server.StartTLS()
	t.Cleanup(d.server.Close)
	return d
}

func (d *daemon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.asked.Add(1)
	w.Header().Set("Api-Version", "1.56")
	if !d.ready.Load() {
		http.Error(w, `{"message":"starting"}`, http.StatusInternalServerError)
		return
	}
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
	if answer := d.answers[path]; answer != nil {
		answer(w, r)
		return
	}
	body, ok := map[string]string{
		"_ping":   "OK",
		"version": `{"Version":"29.9.3","ApiVersion":"1.56","MinAPIVersion":"1.44","KernelVersion":"6.12","Arch":"amd64"}`,
		"info": `{"ServerVersion":"29.9.3","Driver":"overlayfs","Containers":5,"ContainersRunning":2,` +
			`"ContainersPaused":1,"ContainersStopped":2,"Images":7,"NCPU":2,"MemTotal":2147483648,` +
			`"OperatingSystem":"Alpine Linux v3.24","KernelVersion":"6.12","Architecture":"x86_64","Warnings":["one"]}`,
	}[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body)
}

// dial connects to the fake whatever address within the guest is asked for.
func (d *daemon) dial(ctx context.Context, network, to string) (net.Conn, error) {
	if to != address {
		return nil, fmt.Errorf("dialled %s", to)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, d.server.Listener.Addr().String())
}

func newClient(t *testing.T, dial engine.Dialer, k keys) *engine.Client {
	t.Helper()
	cfg, err := engine.TLS(k[0], k[1], k[2])
	if err != nil {
		t.Fatal(err)
	}
	c, err := engine.New(dial, cfg, "tcp://"+address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
