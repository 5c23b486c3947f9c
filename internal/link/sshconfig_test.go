package link_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/link"
)

// printed is what `vagrant ssh-config` prints for two machines, after a
// plugin's notice, on Windows.
const printed = `[vagrant-foo] Host keys are great
Host dev
  HostName 127.0.0.1
  User vagrant
  Port 2222
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "C:/Users/A B/.vagrant.d/insecure_private_keys/vagrant.key.rsa"
  IdentityFile C:/Users/x/.vagrant.d/insecure_private_keys/vagrant.key.ed25519
  IdentitiesOnly yes
  LogLevel FATAL
  PubkeyAcceptedKeyTypes +ssh-rsa

Host two
  HostName 192.168.121.7
  ProxyCommand ssh -W %h:%p "big host"

`

func TestParseSSHConfig(t *testing.T) {
	t.Parallel()
	want := []link.Host{{
		Name: "dev", HostName: "127.0.0.1", User: "vagrant", Port: 2222, IdentitiesOnly: true,
		IdentityFiles: []string{
			"C:/Users/A B/.vagrant.d/insecure_private_keys/vagrant.key.rsa",
			"C:/Users/x/.vagrant.d/insecure_private_keys/vagrant.key.ed25519",
		},
	}, {
		Name: "two", HostName: "192.168.121.7", ProxyCommand: `ssh -W %h:%p "big host"`,
	}}
	for name, text := range map[string]string{
		"unix": printed, "windows": strings.ReplaceAll(printed, "\n", "\r\n"),
		"tabs": strings.ReplaceAll(printed, "  ", "\t"), "lower": strings.ReplaceAll(printed, "HostName", "hostname"),
	} {
		got, err := link.ParseSSHConfig([]byte(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("ParseSSHConfig() of %s: error = %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestParseSSHConfigRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "Host", "Host a", "no such machine", "Host a\nHostName b\nPort x", "Host a\nHostName b\nPort 0",
		"Host a\nHostName b\nPort 65536", "Host a\nHostName b\nPort -1", "Host a\nHostName\n", "\x00\xff",
	} {
		if got, err := link.ParseSSHConfig([]byte(text)); err == nil {
			t.Errorf("ParseSSHConfig(%q) = %+v, want an error", text, got)
		}
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	hosts, err := link.ParseSSHConfig([]byte(printed))
	if err != nil {
		t.Fatal(err)
	}
	got, err := hosts[0].Endpoint("fbdock-dev", "linux")
	want := link.Endpoint{
		Name: "fbdock-dev", Address: "127.0.0.1:2222", User: "vagrant", KeysOnly: true,
		KeyFiles: []string{
			"/mnt/c/Users/A B/.vagrant.d/insecure_private_keys/vagrant.key.rsa",
			"/mnt/c/Users/x/.vagrant.d/insecure_private_keys/vagrant.key.ed25519",
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Endpoint(): error = %v (-want +got):\n%s", err, diff)
	}
	_, err = hosts[1].Endpoint("two", "linux")
	proxy, ok := errors.AsType[*link.ProxyCommandError](err)
	if !ok || proxy.Hint() == "" || !strings.Contains(proxy.Error(), "big host") {
		t.Errorf("Endpoint() with a ProxyCommand: error = %v, want a ProxyCommandError with a hint", err)
	}
	six, err := link.Host{Name: "x", HostName: "fe80::1", ProxyCommand: "none"}.Endpoint("x", "linux")
	if err != nil || six.Address != "[fe80::1]:22" {
		t.Errorf("Endpoint() with IPv6 = %+v, %v, want address %q", six, err, "[fe80::1]:22")
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ goos, path, want string }{
		{"windows", "C:/Users/x/key", "C:/Users/x/key"},
		{"windows", "/c/Users/x/key", "C:/Users/x/key"},
		{"windows", "/mnt/d/key", "D:/key"},
		{"windows", "/cygdrive/c/key", "C:/key"},
		{"windows", "/home/x/key", "/home/x/key"},
		{"windows", "//server/key", "//server/key"},
		{"linux", "/c/Users/x/key", "/c/Users/x/key"},
		{"linux", `C:\Users\x\key`, "/mnt/c/Users/x/key"},
		{"darwin", "/Users/x/a b/key", "/Users/x/a b/key"},
		{"linux", "c:key", "c:key"},
		{"linux", "", ""},
	} {
		if got := link.LocalPath(test.goos, test.path); got != test.want {
			t.Errorf("LocalPath(%q, %q) = %q, want %q", test.goos, test.path, got, test.want)
		}
	}
}

// FuzzSSHConfig: what is read and written is read again as the same.
func FuzzSSHConfig(f *testing.F) {
	for _, text := range []string{
		printed, "", "Host \"\n HostName b", "Host a\n HostName \" \"\n User \"\n", "host a\nhostname b\nidentityfile \"\"\"",
		"Host a\nHostName b\nIdentityFile \" x\"\nPort 1", "Host #\nHostName #",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		hosts, err := link.ParseSSHConfig(data)
		if err != nil {
			return
		}
		text, err := link.FormatSSHConfig(hosts)
		if _, refused := errors.AsType[*link.QuoteError](err); refused {
			return
		}
		if err != nil {
			t.Fatalf("FormatSSHConfig(): error = %v, want none", err)
		}
		again, err := link.ParseSSHConfig(text)
		if err != nil {
			t.Fatalf("ParseSSHConfig(%q): error = %v, want none", text, err)
		}
		if diff := cmp.Diff(hosts, again); diff != "" {
			t.Fatalf("ParseSSHConfig(%q) (-want +got):\n%s", text, diff)
		}
	})
}
