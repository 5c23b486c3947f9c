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
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/engine"
)

// address is the engine's within the guest; the fake listens elsewhere, and
// the dialer of the test is the road.
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

// folder writes what LoadTLS reads: the CA trusted, and a client of signer.
func folder(t *testing.T, trusted, signer *authority) string {
	t.Helper()
	dir := t.TempDir()
	cert, key := signer.sign(t, x509.ExtKeyUsageClientAuth)
	for name, data := range map[string][]byte{"ca.pem": trusted.pem, "cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// daemon is a dockerd as far as these questions go, behind mutual TLS. It
// answers 500 until ready.
type daemon struct {
	server *httptest.Server
	ready  atomic.Bool
	asked  atomic.Int64
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
	w.Header().Set("Content-Type", "application/json")
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
	switch path {
	case "_ping":
		fmt.Fprint(w, "OK")
	case "version":
		fmt.Fprint(w, `{"Version":"29.9.3","ApiVersion":"1.56","MinAPIVersion":"1.44","KernelVersion":"6.12","Arch":"amd64"}`)
	case "info":
		fmt.Fprint(w, `{"ServerVersion":"29.9.3","Driver":"overlayfs","Containers":5,"ContainersRunning":2,`+
			`"ContainersPaused":1,"ContainersStopped":2,"Images":7,"NCPU":2,"MemTotal":2147483648,`+
			`"OperatingSystem":"Alpine Linux v3.24","KernelVersion":"6.12","Architecture":"x86_64","Warnings":["one"]}`)
	default:
		http.NotFound(w, r)
	}
}

// road connects to the fake whatever address within the guest is asked for.
func (d *daemon) road(ctx context.Context, network, to string) (net.Conn, error) {
	if to != address {
		return nil, fmt.Errorf("dialled %s", to)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, d.server.Listener.Addr().String())
}

func newClient(t *testing.T, dial engine.Dialer, dir string) *engine.Client {
	t.Helper()
	cfg, err := engine.LoadTLS(dir)
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

func TestAskTheDaemon(t *testing.T) {
	// The laptop's proxy must not be asked for the way into the guest.
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	ca := newAuthority(t)
	c := newClient(t, startDaemon(t, ca).road, folder(t, ca, ca))
	if err := c.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	version, err := c.Version(t.Context())
	want := engine.Version{Version: "29.9.3", APIVersion: "1.56", MinAPIVersion: "1.44", Kernel: "6.12", Architecture: "amd64"}
	if err != nil || version != want {
		t.Errorf("version %+v, %v", version, err)
	}
	info, err := c.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(engine.Info{
		ServerVersion: "29.9.3", APIVersion: "1.56", MinAPIVersion: "1.44",
		OperatingSystem: "Alpine Linux v3.24", Kernel: "6.12", Architecture: "x86_64", StorageDriver: "overlayfs",
		CPUs: 2, Memory: 2 << 30, Images: 7, Containers: 5, ContainersRunning: 2, ContainersPaused: 1, ContainersStopped: 2,
		Warnings: []string{"one"},
	}, info); diff != "" {
		t.Error(diff)
	}
}

func TestForeignCertificates(t *testing.T) {
	t.Parallel()
	ca, foreign := newAuthority(t), newAuthority(t)
	d := startDaemon(t, ca)
	for name, test := range map[string]struct {
		dir  string
		ours bool
	}{
		"client of a foreign CA": {folder(t, ca, foreign), true},
		"daemon of a foreign CA": {folder(t, foreign, ca), false},
	} {
		c := newClient(t, d.road, test.dir)
		for what, err := range map[string]error{"ping": c.Ping(t.Context()), "info": infoError(t, c)} {
			trust, ok := errors.AsType[*engine.TrustError](err)
			if !ok || trust.Ours != test.ours || trust.Hint() == "" || !strings.Contains(trust.Error(), address) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
	}
	if n := d.asked.Load(); n != 0 {
		t.Errorf("%d questions came through", n)
	}
}

func infoError(t *testing.T, c *engine.Client) error {
	t.Helper()
	_, err := c.Info(t.Context())
	return err
}

var errRefused = errors.New("connection refused by the test")

func TestUnreachable(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	c := newClient(t, func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }, folder(t, ca, ca))
	err := c.Ping(t.Context())
	gone, ok := errors.AsType[*engine.UnreachableError](err)
	if !ok || !errors.Is(err, errRefused) || gone.Hint() == "" {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errRefused)
	if err := c.Ping(ctx); !errors.Is(err, errRefused) || errors.As(err, &gone) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestWaitReady(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	d := startDaemon(t, ca)
	d.ready.Store(false)
	var tries atomic.Int64
	c := newClient(t, func(ctx context.Context, network, to string) (net.Conn, error) {
		if tries.Add(1) <= 2 { // nothing listens yet
			return nil, errRefused
		}
		return d.road(ctx, network, to)
	}, folder(t, ca, ca))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go func() {
		for d.asked.Load() < 2 && ctx.Err() == nil {
			time.Sleep(5 * time.Millisecond)
		}
		d.ready.Store(true)
	}()
	v, err := c.WaitReady(ctx, 5*time.Millisecond)
	if err != nil || v.Version != "29.9.3" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestWaitReadyGivesUp(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	dir := folder(t, ca, ca)
	starting := startDaemon(t, ca)
	starting.ready.Store(false)
	silent := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	refused := func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }
	for name, test := range map[string]struct {
		dial engine.Dialer
		word string
	}{
		"starting": {starting.road, "500"},
		"refused":  {refused, errRefused.Error()},
		"silent":   {silent, "deadline"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		_, err := newClient(t, test.dial, dir).WaitReady(ctx, 10*time.Millisecond)
		cancel()
		late, ok := errors.AsType[*engine.NotReadyError](err)
		if !ok || !errors.Is(err, context.DeadlineExceeded) || late.Hint() == "" || !strings.Contains(err.Error(), test.word) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLoadTLSRefusals(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for _, broken := range []string{"ca.pem", "cert.pem", "key.pem"} {
		for _, text := range []string{"", "rubbish"} {
			dir := folder(t, ca, ca)
			if err := os.WriteFile(filepath.Join(dir, broken), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := engine.LoadTLS(dir); err == nil {
				t.Errorf("%s holding %q was accepted", broken, text)
			}
		}
	}
	if _, err := engine.LoadTLS(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := engine.New(nil, nil, "nonsense"); err == nil {
		t.Error("a host that is none was accepted")
	}
}
