//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExports: what mountd takes from exports(5), and what it tells of in syslog and leaves out.
func TestExports(t *testing.T) {
	machine, root := played(t)
	machine("zpool", "create", "-m", "none", "fbdock", "/dev/vtbd1")
	for _, name := range []string{"a", "b"} {
		if out, status := machine("zfs", "create", "-o", "mountpoint=/fbdock/"+name, "fbdock/"+name); status != 0 {
			t.Fatalf("zfs create -o mountpoint=/fbdock/%s = status %d, want 0: %s", name, status, out)
		}
	}
	put(t, root, "plain/file", "")
	l := newLab("mountd", nil, nil, nil, nil)
	for _, tt := range []struct{ line, want, says string }{
		{"/fbdock/a -mapall=root 10.77.0.2", "[{/fbdock/a [10.77.0.2] false}]", ""},
		{"/fbdock/a /fbdock/b -mapall=root 10.77.0.2 10.77.0.3", "[{/fbdock/a [10.77.0.2 10.77.0.3] false} {/fbdock/b [10.77.0.2 10.77.0.3] false}]", ""},
		{"/fbdock/a -ro -mapall=root -network 10.77.0.0/24", "[{/fbdock/a [10.77.0.0/24] true}]", ""},
		{"/fbdock/a -mapall=root,ro -network=10.77.0.0 -mask=255.255.255.0", "[{/fbdock/a [10.77.0.0/24] true}]", ""},
		{"/fbdock/a -mapall root -alldirs -network 10.77.0.0", "[{/fbdock/a [10.0.0.0/8] false}]", ""},
		{"/fbdock/a \\\n  -mapall=root 10.77.0.2 # mine", "[{/fbdock/a [10.77.0.2] false}]", ""},
		{"V4: / -network 10.77.0.0/24\n# only\n", "[]", ""},
		{"/fbdock/c -mapall=root 10.77.0.2", "[]", "bad exports list line '/fbdock/c': /fbdock/c: lstat() failed: No such file or directory."},
		{"/plain/file -mapall=root 10.77.0.2", "[]", "/plain/file: not a directory"},
		{"/plain -mapall=root 10.77.0.2", "[]", "Warning: exporting /plain exports entire / file system"},
		{"/plain -mapall=root -alldirs 10.77.0.2", "[]", "-alldirs requested but /plain is not a filesystem mountpoint"},
		{"/fbdock/a -mapall=root -rw 10.77.0.2", "[]", "bad exports list line '/fbdock/a -mapall=root -rw': bad opt rw"},
		{"/fbdock/a -mapall=root -async 10.77.0.2", "[]", "bad opt async"},
		{"/fbdock/a 10.77.0.2(rw,no_root_squash)", "[]", "can't get address info for host 10.77.0.2(rw,no_root_squash)"},
		{"/fbdock/a -mapall=nosuchuser 10.77.0.2", "[]", "unknown user: nosuchuser"},
		{"/fbdock/a -maproot=root 10.77.0.2", "[]", "only -mapall=root is played"},
		{"/fbdock/a 10.77.0.2", "[]", "only -mapall=root is played"},
		{"/fbdock/a -mapall=root -network 10.77.0.0/24 10.77.0.2", "[]", "network/host conflict"},
		{"/fbdock/a -mapall=root -mask 255.255.255.0", "[]", "mask without network"},
		{"/fbdock/a -mapall=root -network 10.77/24x", "[]", "bad net 10.77/24x"},
		{"/fbdock/a -mapall=root 10.77.0.2\n/fbdock/a -mapall=root 10.77.0.2", "[{/fbdock/a [10.77.0.2] false}]", "host 10.77.0.2 is there twice"},
	} {
		put(t, root, "etc/exports", tt.line+"\n")
		if err := os.Remove(filepath.Join(root, "var/log/messages")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		got := fmt.Sprint(parseExports(l, []string{"/etc/exports", "/etc/zfs/exports"}))
		if said := l.read("/var/log/messages"); got != tt.want || !strings.Contains(said, tt.says) {
			t.Errorf("%s\ngot  %s\nwant %s\nsaid %s\nwant %s", tt.line, got, tt.want, said, tt.says)
		}
	}
	if out, status := machine("zfs", "set", "sharenfs=on", "fbdock/a"); status == 0 {
		t.Errorf("zfs set sharenfs=on fbdock/a = status %d, want an error: %s", status, out)
	}
}
