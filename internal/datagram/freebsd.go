package datagram

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
)

// FreeBSD's own sshd opens no tunnel unless its configuration says so, and not
// for a login that is not root's. So root starts another one for the one
// connection (sshd(8), -i), on the streams of a session that is there already.
// Nobody else can reach it, it takes one key, made for it, and opens tunnels only.

// freebsdServer is what root's sh runs in FreeBSD: $1 is the line that says that
// it is ready, $2 the key that may log in. Its input begins with the server's
// own key and an empty line. What a tunnel has left whose connection was lost is
// destroyed first; ClientAlive ends an sshd whose other end is silent, as
// FreeBSD does not destroy a tun(4) that is open.
var freebsdServer = fmt.Sprintf(`set -u
umask 077
dir=/var/run/fbdock-udp
rm -rf "$dir" && mkdir "$dir" || exit 1
! ifconfig tun%[1]d >/dev/null 2>&1 || ifconfig tun%[1]d destroy || exit 1
ifconfig tun%[1]d create || exit 1
trap 'ifconfig tun%[1]d destroy; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
ifconfig tun%[1]d inet %[2]s/32 %[3]s mtu %[4]d up || exit 1
printf '%%s\n' "$2" >"$dir/authorized_keys" || exit 1
cat >"$dir/sshd_config" <<END || exit 1
HostKey $dir/host_key
AuthorizedKeysFile $dir/authorized_keys
AuthenticationMethods publickey
PermitRootLogin prohibit-password
PermitTunnel point-to-point
AllowTcpForwarding no
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
MaxSessions 0
ClientAliveInterval 5
ClientAliveCountMax 2
UsePAM no
UseDNS no
PidFile none
END
echo "$1"
while IFS= read -r line && [ -n "$line" ]; do printf '%%s\n' "$line"; done >"$dir/host_key"
/usr/sbin/sshd -i -f "$dir/sshd_config"`, unit, There, Here, mtu)

// Server is an sshd in FreeBSD for one connection, with keys made for it.
type Server struct {
	HostKey ssh.PublicKey
	Key     ssh.Signer // to log in with, as root
	private []byte     // the server's own, as ssh-keygen(1) writes it
}

// NewServer makes the keys of a server.
func NewServer() (*Server, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	_, own, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if s.HostKey, err = ssh.NewPublicKey(public); err != nil {
		return nil, err
	}
	if s.Key, err = ssh.NewSignerFromKey(own); err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	s.private = append(pem.EncodeToMemory(block), '\n')
	return s, nil
}

// Args are what root runs: a command that writes the line ready, takes what
// Start writes, and speaks SSH then. One runs at a time, as there is one
// interface: the lock is held for as long.
func (s *Server) Args(ready string) []string {
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.Key.PublicKey())))
	return []string{"lockf", "-k", "-t", "20", "/var/run/fbdock-udp.lock", "sh", "-c", freebsdServer, "sh", ready, key}
}

// Start sends the server its own key.
func (s *Server) Start(to io.Writer) error {
	_, err := to.Write(s.private)
	return err
}
