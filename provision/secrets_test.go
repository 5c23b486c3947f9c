package provision_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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
		t.Fatal("the authority's certificate is not PEM")
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
				t.Errorf("%s: server %v, client %v", name, serverErr, clientErr)
			}
		}
	}
	if _, err := handshake(t, s.CA.Cert, s.Server, s.Client, "10.77.0.3"); err == nil {
		t.Error("another address was accepted")
	}
}

func TestForeignClientIsRefused(t *testing.T) {
	t.Parallel()
	ours, theirs := secrets(t, machine()), secrets(t, machine())
	if err, _ := handshake(t, ours.CA.Cert, ours.Server, theirs.Client, "10.77.0.2"); err == nil {
		t.Error("a client of another authority was let in")
	}
	if err, _ := handshake(t, ours.CA.Cert, ours.Server, ours.Server, "10.77.0.2"); err == nil {
		t.Error("a server's certificate was let in as a client's")
	}
}

func TestSecretsAreKept(t *testing.T) {
	t.Parallel()
	m := machine()
	s := secrets(t, m)
	again, changed, err := provision.EnsureSecrets(mapFS(s.Files()), m, day.Add(700*24*time.Hour), rand.Reader)
	if err != nil || changed {
		t.Fatalf("changed %v, error %v", changed, err)
	}
	for i, f := range again.Files() {
		if want := s.Files()[i]; f.Path != want.Path || !bytes.Equal(f.Data, want.Data) || f.Mode != 0o600 {
			t.Errorf("%s changed", f.Path)
		}
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
		got, changed, err := provision.EnsureSecrets(mapFS(s.Files()), c.of, day.Add(c.after), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		want := c.server || c.client || c.ca
		if changed != want || bytes.Equal(got.Server.Cert, s.Server.Cert) == c.server ||
			bytes.Equal(got.Client.Cert, s.Client.Cert) == c.client || bytes.Equal(got.CA.Cert, s.CA.Cert) == c.ca {
			t.Errorf("%s: changed %v; renewed the wrong ones", name, changed)
		}
		if !bytes.Equal(got.EngineKey.Private, s.EngineKey.Private) {
			t.Errorf("%s: the ssh key changed", name)
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
		old, _, err := provision.EnsureSecrets(fstest.MapFS{}, m, day.Add(c.ahead), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		got, changed, err := provision.EnsureSecrets(mapFS(old.Files()), m, day, rand.Reader)
		if err != nil || changed != c.fresh {
			t.Errorf("made by a clock %v ahead: changed %v, %v, want %v", c.ahead, changed, err, c.fresh)
		}
		for name, pairs := range map[string][2]provision.Pair{
			"CA": {old.CA, got.CA}, "server": {old.Server, got.Server}, "client": {old.Client, got.Client}, "guest": {old.GuestClient, got.GuestClient},
		} {
			if same := bytes.Equal(pairs[0].Cert, pairs[1].Cert); same == c.fresh {
				t.Errorf("made by a clock %v ahead: the certificate of the %s is kept %v, want %v", c.ahead, name, same, !c.fresh)
			}
		}
		if !bytes.Equal(got.EngineKey.Private, old.EngineKey.Private) {
			t.Errorf("made by a clock %v ahead: the ssh key changed", c.ahead)
		}
		if serverErr, clientErr := handshake(t, got.CA.Cert, got.Server, got.Client, "dev"); serverErr != nil || clientErr != nil {
			t.Errorf("made by a clock %v ahead: server %v, client %v", c.ahead, serverErr, clientErr)
		}
		// The clock goes back to where it was, and the certificates still do.
		if _, changed, err := provision.EnsureSecrets(mapFS(got.Files()), m, day.Add(min(c.ahead, 700*day1)), rand.Reader); err != nil || changed && c.ahead > -time.Hour*24 {
			t.Errorf("made by a clock %v ahead: back there changed %v, %v", c.ahead, changed, err)
		}
	}
}

// unreadable is a folder whose files exist and cannot be read.
type unreadable struct{}

func (unreadable) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

func TestUnreadableSecretsAreNotReplaced(t *testing.T) {
	t.Parallel()
	if _, _, err := provision.EnsureSecrets(unreadable{}, machine(), day, rand.Reader); err == nil {
		t.Error("keys that cannot be read were made anew")
	}
}

// TestDamagedSecrets: a private key that is there and is none is not replaced,
// a certificate is, and a public half is written again.
func TestDamagedSecrets(t *testing.T) {
	t.Parallel()
	m := machine()
	s := secrets(t, m)
	for _, f := range s.Files() {
		private := strings.HasSuffix(f.Path, "key.pem") || strings.HasPrefix(f.Path, "ssh/") && !strings.HasSuffix(f.Path, ".pub")
		for what, data := range map[string][]byte{"cut short": f.Data[:len(f.Data)/2], "empty": {}} {
			dir := mapFS(s.Files())
			dir[f.Path].Data = data
			got, changed, err := provision.EnsureSecrets(dir, m, day, rand.Reader)
			if private && (what != "empty" || !strings.HasSuffix(f.Path, ".pem")) {
				damaged, ok := errors.AsType[*provision.DamagedError](err)
				if !ok || damaged.File != f.Path || damaged.Hint() == "" {
					t.Errorf("EnsureSecrets with %s %s: error %v, want a *DamagedError of it", f.Path, what, err)
				}
				continue
			}
			if err != nil || !changed {
				t.Errorf("EnsureSecrets with %s %s: changed %v, error %v, want it made anew", f.Path, what, changed, err)
			}
			if _, err := handshake(t, got.CA.Cert, got.Server, got.Client, "dev"); err != nil {
				t.Errorf("EnsureSecrets with %s %s: %v", f.Path, what, err)
			}
		}
	}
}

// TestSecretsAfterACrash: whichever of the files was the last one that was
// written, the next run has a whole set and all SSH keys that were there.
func TestSecretsAfterACrash(t *testing.T) {
	t.Parallel()
	m := machine()
	old := secrets(t, m)
	renewed, _, err := provision.EnsureSecrets(mapFS(old.Files()), m, day.Add(10*365*24*time.Hour), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, before := range map[string][]provision.File{"the first run": nil, "a renewal": old.Files()} {
		for n := range len(old.Files()) + 1 {
			dir := mapFS(before)
			written := old.Files()
			if before != nil {
				written = renewed.Files()
			}
			maps.Copy(dir, mapFS(written[:n]))
			now := day
			if before != nil {
				now = day.Add(10 * 365 * 24 * time.Hour)
			}
			got, _, err := provision.EnsureSecrets(dir, m, now, rand.Reader)
			if err != nil {
				t.Fatalf("%s, crash after %d files: %v", name, n, err)
			}
			again, changed, err := provision.EnsureSecrets(mapFS(got.Files()), m, now, rand.Reader)
			if err != nil || changed || !bytes.Equal(again.Server.Cert, got.Server.Cert) {
				t.Errorf("%s, crash after %d files: the run after it: changed %v, %v", name, n, changed, err)
			}
			for _, f := range written[:n] {
				if strings.HasPrefix(f.Path, "ssh/") && !bytes.Equal(mapFS(got.Files())[f.Path].Data, f.Data) {
					t.Errorf("%s, crash after %d files: %s has changed", name, n, f.Path)
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
			t.Errorf("%s is not the public half", k.Authorized)
		}
	}
}
