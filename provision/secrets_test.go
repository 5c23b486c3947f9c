package provision_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision"
)

// handshake connects a TLS client to a server that demands a certificate
// of the machine's own authority, and returns the two errors.
func handshake(t *testing.T, ca []byte, server, client provision.Pair, name string) (serverErr, clientErr error) {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("the authority's certificate is not PEM, want PEM")
	}
	serverCert, err := tls.X509KeyPair(server.Cert, server.Key)
	if err != nil {
		t.Fatal(err)
	}
	clientCert, err := tls.X509KeyPair(client.Cert, client.Key)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return day }
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	b, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		a, err := listener.Accept()
		if err != nil {
			done <- err
			return
		}
		s := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{serverCert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, Time: now})
		_, err = io.ReadFull(s, make([]byte, 1))
		_ = a.Close()
		done <- err
	}()
	c := tls.Client(b, &tls.Config{Certificates: []tls.Certificate{clientCert}, RootCAs: pool, ServerName: name, Time: now})
	_, clientErr = c.Write([]byte("x"))
	_ = b.Close()
	return <-done, clientErr
}

func TestCertificatesMeet(t *testing.T) {
	t.Parallel()
	s := secrets(t, machine())
	for _, name := range []string{"10.77.0.2", "dev", "localhost", "127.0.0.1"} {
		for _, client := range []provision.Pair{s.Client, s.GuestClient} {
			if serverErr, clientErr := handshake(t, s.CA.Cert, s.Server, client, name); serverErr != nil || clientErr != nil {
				t.Errorf("TLS handshake with %s: server error = %v, client error = %v, want none", name, serverErr, clientErr)
			}
		}
	}
	if _, err := handshake(t, s.CA.Cert, s.Server, s.Client, "10.77.0.3"); err == nil {
		t.Error("TLS handshake with 10.77.0.3: no error, want one: the certificate names another address")
	}
}

func TestForeignClientIsRefused(t *testing.T) {
	t.Parallel()
	ours, theirs := secrets(t, machine()), secrets(t, machine())
	if err, _ := handshake(t, ours.CA.Cert, ours.Server, theirs.Client, "10.77.0.2"); err == nil {
		t.Error("TLS handshake with a client of another authority: no error, want one")
	}
	if err, _ := handshake(t, ours.CA.Cert, ours.Server, ours.Server, "10.77.0.2"); err == nil {
		t.Error("TLS handshake with a server's certificate as the client's: no error, want one")
	}
}

func TestSecretsAreKept(t *testing.T) {
	t.Parallel()
	m := machine()
	s := secrets(t, m)
	again, changed := stored(t, s, m, day.Add(700*24*time.Hour))
	if d := cmp.Diff(s, again); changed || d != "" {
		t.Errorf("Renew() of good keys: changed = %v, want false (-want +got):\n%s", changed, d)
	}
}

func TestSecretsAreRenewed(t *testing.T) {
	t.Parallel()
	m := machine()
	s := secrets(t, m)
	moved := machine()
	moved.Engine.Address = netip.MustParseAddr("10.78.0.2")
	for name, c := range map[string]struct {
		after  time.Duration
		of     plan.Machine
		server bool
		client bool
		ca     bool
	}{
		"young":                  {794 * 24 * time.Hour, m, false, false, false},
		"in the last month":      {796 * 24 * time.Hour, m, true, true, false},
		"at the authority's end": {10 * 365 * 24 * time.Hour, m, true, true, true},
		"with another address":   {0, moved, true, false, false},
	} {
		got, changed := stored(t, s, c.of, day.Add(c.after))
		want := c.server || c.client || c.ca
		if changed != want || bytes.Equal(got.Server.Cert, s.Server.Cert) == c.server ||
			bytes.Equal(got.Client.Cert, s.Client.Cert) == c.client || bytes.Equal(got.CA.Cert, s.CA.Cert) == c.ca {
			t.Errorf("Renew() %s: changed = %v, want %v; new server, client, CA: want %v, %v, %v", name, changed, want, c.server, c.client, c.ca)
		}
		if !bytes.Equal(got.EngineKey.Private, s.EngineKey.Private) {
			t.Errorf("Renew() %s: the SSH key changed, want the same key", name)
		}
	}
}

// TestClockJumps: issue 12, line 10. What a clock that was ahead has made is
// made anew once the clock is right, as nobody takes it before its time; a
// jump within what backdating allows for, and one ahead, changes nothing.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	const day1 = 24 * time.Hour
	m := machine()
	for _, c := range []struct {
		ahead time.Duration // of the clock that made them
		fresh bool          // they are made anew
	}{
		{-400 * day1, false}, {-time.Hour, false}, {0, false}, {14 * time.Hour, false}, {23 * time.Hour, false},
		{25 * time.Hour, true}, {5 * day1, true}, {20 * day1, true}, {29 * day1, true}, {31 * day1, true}, {4000 * day1, true},
	} {
		old, _, err := provision.Secrets{}.Renew(m, day.Add(c.ahead), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		got, changed := stored(t, old, m, day)
		if changed != c.fresh {
			t.Errorf("made by a clock %v ahead: changed %v, want %v", c.ahead, changed, c.fresh)
		}
		for name, pairs := range map[string][2]provision.Pair{
			"CA": {old.CA, got.CA}, "server": {old.Server, got.Server}, "client": {old.Client, got.Client}, "guest": {old.GuestClient, got.GuestClient},
		} {
			if same := bytes.Equal(pairs[0].Cert, pairs[1].Cert); same == c.fresh {
				t.Errorf("made by a clock %v ahead: the certificate of the %s is kept %v, want %v", c.ahead, name, same, !c.fresh)
			}
		}
		if !bytes.Equal(got.EngineKey.Private, old.EngineKey.Private) {
			t.Errorf("made by a clock %v ahead: the SSH key changed, want the same key", c.ahead)
		}
		if serverErr, clientErr := handshake(t, got.CA.Cert, got.Server, got.Client, "dev"); serverErr != nil || clientErr != nil {
			t.Errorf("made by a clock %v ahead: TLS handshake: server error = %v, client error = %v, want none", c.ahead, serverErr, clientErr)
		}
		// The clock goes back to where it was, and the certificates still do.
		if _, changed := stored(t, got, m, day.Add(min(c.ahead, 700*day1))); changed && c.ahead > -time.Hour*24 {
			t.Errorf("made by a clock %v ahead: Renew() after the clock went back: changed = %v, want false", c.ahead, changed)
		}
	}
}

// TestDamagedSecrets: a private key that cannot be used is an error. What is
// missing is made anew, and so is a damaged certificate.
func TestDamagedSecrets(t *testing.T) {
	t.Parallel()
	m := machine()
	s := secrets(t, m)
	for name, text := range s.PEM() {
		private := strings.HasSuffix(name, "key.pem") || strings.HasPrefix(name, "ssh/")
		for what, damaged := range map[string]string{"cut short": text[:len(text)/2], "empty": "", "missing": "-"} {
			keys := s.PEM()
			keys[name] = damaged
			if what == "missing" {
				delete(keys, name)
			}
			read, err := provision.ReadSecrets(keys)
			if private && what != "missing" {
				if e, ok := errors.AsType[*provision.KeyError](err); !ok || e.Name != name {
					t.Errorf("ReadSecrets with %s %s: error %v, want a *KeyError of it", name, what, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("ReadSecrets() with %s %s: error = %v, want none", name, what, err)
				continue
			}
			got, changed, err := read.Renew(m, day, rand.Reader)
			if err != nil || !changed {
				t.Errorf("Renew() with %s %s: changed = %v, error = %v, want true and no error", name, what, changed, err)
			}
			if _, err := handshake(t, got.CA.Cert, got.Server, got.Client, "dev"); err != nil {
				t.Errorf("TLS handshake after Renew() with %s %s: error = %v, want none", name, what, err)
			}
			for other, text := range got.PEM() {
				if strings.HasPrefix(other, "ssh/") && other != name && text != s.PEM()[other] {
					t.Errorf("Renew() with %s %s: %s changed, want it kept", name, what, other)
				}
			}
		}
	}
}

func TestSSHKeysAreOpenSSH(t *testing.T) {
	t.Parallel()
	s := secrets(t, machine())
	for _, k := range []provision.SSHKey{s.EngineKey, s.GuestKey, s.EngineHostKey} {
		signer, err := ssh.ParsePrivateKey(k.Private)
		if err != nil {
			t.Fatal(err)
		}
		public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(k.Authorized))
		if err != nil {
			t.Fatal(err)
		}
		if public.Type() != ssh.KeyAlgoED25519 || !bytes.Equal(public.Marshal(), signer.PublicKey().Marshal()) {
			t.Errorf("public key %s does not belong to its private key, want the public half", k.Authorized)
		}
	}
}
