//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// nfsClient speaks to mountd and nfsd over a connection.
type nfsClient struct {
	t    *testing.T
	conn net.Conn
}

// exported is a lab with one exported folder that is served on this machine's loopback.
func exported(t *testing.T, options string) (c nfsClient, dir string) {
	t.Helper()
	machine, root := played(t)
	machine("zpool", "create", "-m", "none", "fbdock", "/dev/vtbd1")
	machine("zfs", "create", "-o", "mountpoint=/fbdock/a", "fbdock/a")
	put(t, root, "etc/exports", "/fbdock/a "+options+"\n")
	l := newLab("mountd", nil, nil, nil, nil)
	l.save(volatile+"exports", parseExports(l, []string{"/etc/exports"}))
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go serveTCP(listener, map[uint32]rpcProgram{
		mountProgram: {low: 3, high: 3, serve: l.serveMount}, nfsProgram: {low: 3, high: 3, serve: newNFSServer(l).serve},
	})
	conn, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return nfsClient{t, conn}, filepath.Join(root, "fbdock/a")
}

func message(program, version, proc, flavor uint32, args ...any) []byte {
	m := &xdr{}
	m.put(7, 0, 2, program, version, proc, flavor, 0, 0, 0)
	for _, arg := range args {
		switch arg := arg.(type) {
		case int:
			m.put(uint32(arg))
		case uint64:
			m.put64(arg)
		case string:
			m.putBytes([]byte(arg))
		}
	}
	return m.data
}

// call gives the status of a reply and what follows it.
func (c nfsClient) call(program, proc uint32, args ...any) (uint32, *xdr) {
	c.t.Helper()
	data := message(program, 3, proc, rpcAuthSystem, args...)
	if _, err := c.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))|1<<31), data...)); err != nil {
		c.t.Fatal(err)
	}
	reply, err := readRecord(c.conn)
	if err != nil {
		c.t.Fatal(err)
	}
	x := &xdr{data: reply}
	if x.u32() != 7 || x.u32() != rpcReply || x.u32() != rpcAccepted || x.u64() != 0 || x.u32() != 0 {
		c.t.Fatalf("program %d, procedure %d: %x", program, proc, reply)
	}
	return x.u32(), x
}

func (c nfsClient) nfs(proc uint32, want uint32, args ...any) *xdr {
	c.t.Helper()
	status, x := c.call(nfsProgram, proc, args...)
	if status != want {
		c.t.Errorf("procedure %d %q: status %d, want %d", proc, args, status, want)
	}
	return x
}

func (c nfsClient) mount() string {
	c.t.Helper()
	status, x := c.call(mountProgram, 1, "/fbdock/a")
	if status != 0 {
		c.t.Fatalf("mount: %d", status)
	}
	return string(x.bytes())
}

// lookup gives the handle of a name.
func (c nfsClient) lookup(dir, name string) string {
	c.t.Helper()
	return string(c.nfs(3, 0, dir, name).bytes())
}

func (c nfsClient) names(dir string, room int) string {
	c.t.Helper()
	var names []string
	for cookie := uint64(0); ; {
		x := c.nfs(16, 0, dir, cookie, uint64(0), room)
		x.data = x.data[4+84+8:]
		for x.u32() == 1 {
			x.u64()
			names = append(names, string(x.bytes()))
			cookie = x.u64()
		}
		if x.u32() == 1 || x.short {
			return strings.Join(names, " ")
		}
	}
}

// attributes that leave everything to the server
var none = []any{0, 0, 0, 0, 0, 0}

func TestNFS(t *testing.T) {
	c, dir := exported(t, "-mapall=root 127.0.0.1")
	root := c.mount()
	c.nfs(8, 0, append([]any{root, "file", 1}, none...)...)
	file := c.lookup(root, "file")
	c.nfs(7, 0, file, uint64(3), 5, 2, "world")
	c.nfs(7, 0, file, uint64(0), 3, 2, "hi ")
	if text, err := os.ReadFile(filepath.Join(dir, "file")); err != nil || string(text) != "hi world" {
		t.Errorf("file on the server after two WRITE calls = %q, %v, want \"hi world\"", text, err)
	}
	put(t, dir, "file", "from the server")
	x := c.nfs(6, 0, file, uint64(5), 100)
	x.data = x.data[4+84:]
	if count, end, text := x.u32(), x.u32(), string(x.bytes()); count != 10 || end != 1 || text != "the server" {
		t.Errorf("READ at offset 5 = count %d, eof %d, %q, want 10, 1, \"the server\"", count, end, text)
	}
	// A rename on the server does not lose the file, a removal does; its successor of the same name is another.
	if err := os.Rename(filepath.Join(dir, "file"), filepath.Join(dir, "renamed")); err != nil {
		t.Fatal(err)
	}
	c.nfs(1, 0, file)
	if err := os.Remove(filepath.Join(dir, "renamed")); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "renamed", "")
	c.nfs(1, 70, file)

	c.nfs(9, 0, append([]any{root, "dir", 1, 0o700}, none[1:]...)...)
	if info, err := os.Stat(filepath.Join(dir, "dir")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("Stat(dir) after MKDIR = %v, %v, want a directory with mode 0700", info, err)
	}
	sub := c.lookup(root, "dir")
	c.nfs(10, 0, append(append([]any{sub, "link"}, none...), "/etc/passwd")...)
	c.nfs(6, 5, c.lookup(sub, "link"), uint64(0), 100) // a link is never followed
	c.nfs(14, 0, root, "renamed", sub, "moved")
	c.nfs(15, 0, c.lookup(sub, "moved"), sub, "second")
	if got := c.names(sub, 8192); got != ". .. moved link second" && len(strings.Fields(got)) != 5 {
		t.Errorf("READDIR of dir = %q, want . .. moved link second", got)
	}
	c.nfs(13, 66, root, "dir")
	c.nfs(3, 2, root, "nothing")
	c.nfs(3, 22, root, "dir/moved")
	if up := string(c.nfs(3, 0, root, "..").bytes()); up != root {
		t.Errorf("LOOKUP of .. in the export's root = handle %x, want the root itself, %x", up, root)
	}
	c.nfs(1, 10001, "short")
	c.nfs(11, 10004, root, "device", 4)
	for _, proc := range []uint32{18, 19, 20} {
		c.nfs(proc, 0, root)
	}
	c.nfs(21, 0, root, uint64(0), 0)
}

// TestNFSEmptying: a directory is emptied by a client that reads it a page at a time.
func TestNFSEmptying(t *testing.T) {
	c, dir := exported(t, "-mapall=root 127.0.0.1")
	root := c.mount()
	want := map[string]bool{".": true, "..": true}
	for i := range 100 {
		name := fmt.Sprintf("file%02d", i)
		put(t, dir, name, "")
		want[name] = true
	}
	for name := range strings.FieldsSeq(c.names(root, 1024)) {
		if !want[name] {
			t.Errorf("READDIR lists %s, want every file exactly once", name)
		}
		delete(want, name)
		if strings.HasPrefix(name, "file") {
			c.nfs(12, 0, root, name)
		}
	}
	if len(want) > 0 {
		t.Errorf("READDIR left out %v, want every file listed", want)
	}
}

func TestNFSRefuses(t *testing.T) {
	c, dir := exported(t, "-mapall=root -ro 127.0.0.1")
	put(t, dir, "file", "text")
	root := c.mount()
	c.nfs(8, 30, append([]any{root, "new", 1}, none...)...)
	c.nfs(12, 30, root, "file")
	if status, _ := c.call(mountProgram, 1, "/etc"); status != 13 {
		t.Errorf("MNT /etc = status %d, want 13 (access denied)", status)
	}

	l := newLab("nfsd", nil, nil, nil, nil)
	weak := func(p rpcPeer) bool { return p.port >= 1024 }
	programs := map[uint32]rpcProgram{
		mountProgram: {low: 3, high: 3, serve: l.serveMount, weak: weak}, nfsProgram: {low: 3, high: 3, serve: newNFSServer(l).serve},
	}
	stranger, client := rpcPeer{ip: net.IPv4(127, 0, 0, 2), port: 1000}, rpcPeer{ip: net.IPv4(127, 0, 0, 1), port: 1000}
	for _, tt := range []struct {
		name string
		sent []byte
		from rpcPeer
		want []uint32
	}{
		{"mount from elsewhere", message(mountProgram, 3, 1, 1, "/fbdock/a"), stranger, []uint32{0, 0, 0, 0, 13}},
		{"a stolen handle", message(nfsProgram, 3, 1, 1, root), stranger, []uint32{0, 0, 0, 0, 70}},
		{"the same from the client", message(nfsProgram, 3, 1, 1, root), client, []uint32{0, 0, 0, 0, 0}},
		{"an unprivileged port", message(mountProgram, 3, 1, 1, "/fbdock/a"), rpcPeer{ip: client.ip, port: 40000}, []uint32{1, 1, 5}},
		{"version 4", message(nfsProgram, 4, 1, 1), client, []uint32{0, 0, 0, 2, 3, 3}},
		{"no such program", message(100021, 4, 1, 1), client, []uint32{0, 0, 0, 1}},
		{"no such procedure", message(nfsProgram, 3, 99, 1), client, []uint32{0, 0, 0, 3}},
		{"Kerberos", message(nfsProgram, 3, 1, 6, root), client, []uint32{1, 1, 2}},
		{"cut short", message(nfsProgram, 3, 3, 1, root), client, []uint32{0, 0, 0, 4}},
	} {
		want := &xdr{}
		want.put(7, rpcReply)
		want.put(tt.want...)
		if got := answer(tt.sent, programs, tt.from); !bytes.HasPrefix(got, want.data) {
			t.Errorf("%s: %x, want %x", tt.name, got, want.data)
		}
	}
	if answer([]byte("noise"), programs, client) != nil {
		t.Error("answer(\"noise\") = a reply, want nil")
	}
}

// TestNFSDaemons: who is started, registered, exported and seen by showmount.
func TestNFSDaemons(t *testing.T) {
	t.Parallel()
	root := chrooted(t)
	out, _ := inside(t, root, `init boot >/dev/null
zpool create -m none fbdock /dev/vtbd1; zfs create -o mountpoint=/fbdock/a fbdock/a
echo "[no exports]"; service nfsd onestart; showmount -e localhost
printf '/fbdock/a -mapall=root 10.77.0.2\n/fbdock/nothing -mapall=root 10.77.0.2\n' >/etc/exports
echo "[start]"; service mountd onestart; service nfsd onestart; service nfsd onestatus | sed 's/pid .*/pid/'; showmount -e localhost
tail -n 1 /var/log/messages | sed 's/.*: bad/bad/'
echo "[reload]"; : >/etc/exports; service mountd onereload; sleep 0.5; showmount -e localhost
echo "[rpcbind anew]"; service rpcbind onerestart; showmount -e localhost; mountd -Z 2>&1; nfsd -Z 2>&1; rpcbind x 2>&1`)
	for _, want := range []string{
		"[no exports]\nStarting rpcbind.\n", "/etc/exports is not readable.\n", "can't do exports rpc: RPC: Program not registered",
		"[start]\nStarting mountd.\nNFSv4 is disabled\nStarting nfsd.\nnfsd is running as pid\nExports list on localhost:\n/fbdock/a                          10.77.0.2 \n",
		"bad exports list line '/fbdock/nothing': /fbdock/nothing: lstat() failed: No such file or directory.\n",
		"[reload]\nExports list on localhost:\n[rpc", "usage: mountd", "usage: nfsd", "usage: rpcbind",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("output of the scripts, want it to contain %q:\n%s", want, out)
		}
	}
	_, anew, _ := strings.Cut(out, "[rpcbind anew]")
	if !strings.Contains(anew, "Program not registered") {
		t.Errorf("showmount -e after rpcbind was started again, want mountd unknown (\"Program not registered\"):\n%s", anew)
	}
}
