package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMain lets a stand-in that starts itself anew find itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && commands()[os.Args[1]] != nil {
		os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// played is a machine below a folder of its own; nothing here needs privileges.
func played(t *testing.T) (run func(argv ...string) (string, int), root string) {
	t.Helper()
	root = t.TempDir()
	t.Setenv("LAB_ROOT", root)
	put(t, root, "etc/lab.conf", "disks=cd0 vtbd1 vtbd0\n")
	put(t, root, "var/lab/disks/vtbd1", "")
	if err := os.Truncate(filepath.Join(root, "var/lab/disks/vtbd1"), 8<<30); err != nil {
		t.Fatal(err)
	}
	return func(argv ...string) (string, int) {
		var out bytes.Buffer
		status := runOne(argv, &out)
		return out.String(), status
	}, root
}

func runOne(argv []string, out *bytes.Buffer) int {
	return run(argv, strings.NewReader(""), out, out)
}

// TestRefused: each of these is refused by the real command.
func TestRefused(t *testing.T) {
	machine, root := played(t)
	put(t, root, "tmp/file", "text\n")
	for _, setup := range [][]string{
		{"kldload", "-n", "vmm", "nmdm", "pf"}, {"ifconfig", "bridge0", "create"}, {"ifconfig", "tap0", "create"},
		{"ifconfig", "tun1", "create"}, {"ifconfig", "tun1", "inet", "192.0.0.1/32", "192.0.0.2", "mtu", "1500", "up"}, {"ifconfig", "tun2", "create"},
		{"zpool", "create", "-m", "none", "fbdock", "/dev/vtbd1"}, {"zfs", "create", "-o", "volmode=dev", "fbdock/vm"},
		{"zfs", "create", "-o", "mountpoint=none", "fbdock/other"},
	} {
		if out, status := machine(setup...); status != 0 {
			t.Fatalf("%v = status %d, want 0: %s", setup, status, out)
		}
	}
	for _, argv := range [][]string{
		{"sed", "-i", "s/x/y/", root + "/tmp/file"}, {"sed", "--in-place", "s/x/y/", root + "/tmp/file"}, {"stat", "-c", "%a", "/tmp/file"},
		{"date", "-d", "@0"}, {"grep", "-P", "x", root + "/tmp/file"}, {"mktemp", "--suffix=.x"}, {"head", "-n", "-1", root + "/tmp/file"},
		{"chflags", "schg"}, {"chflags", "immutable", root + "/tmp/file"}, {"chflags", "uchg", root + "/tmp/file"}, {"chflags", "schg", root + "/none"},
		{"find", root, "-printf", "%p"}, {"install", "-D", "a", "b"}, {"cp", "--reflink", "a", "b"}, {"readlink", "-e", "a"}, {"tail", "--lines=3"},
		{"ifconfig", "tap0", "inet", "10.0.0.1"}, {"ifconfig", "nosuch0", "up"}, {"ifconfig", "bridge0", "create"}, {"ifconfig", "tap0", "frobnicate"},
		{"ifconfig", "tun1", "create"}, {"ifconfig", "tun2", "inet", "192.0.0.1/32", "192.0.0.2"}, {"ifconfig", "tun2", "inet", "192.0.0.1", "192.0.0.3"}, {"ifconfig", "tap0", "inet", "10.0.0.1/32", "10.0.0.2"},
		{"ifconfig", "bridge0", "addm"}, {"ifconfig", "tap0", "addm", "bridge0"}, {"kldload", "nosuchmodule"}, {"kldload", "if_tuntap"}, {"kldstat", "--quiet"},
		{"sysctl", "no.such.oid"}, {"sysctl", "hw.physmem=1"}, {"sysctl", "net.inet.ip.forwarding=2"}, {"sysctl", "vfs.zfs.arc.max=1048576"},
		{"sysrc", "nosuchvar"}, {"sysrc", "-Z", "pf_enable"}, {"pfctl", "-f", "/nosuch"}, {"pfctl", "-s", "bogus"}, {"pfctl"}, {"pfctl", "-d"},
		{"pfctl", "-T", "show"}, {"pfctl", "-t", "none", "-T", "show"}, {"pfctl", "-t", "t", "-T", "add", "nowhere"}, {"pfctl", "-t", "t", "-T", "frob"},
		{"zfs", "create", "fbdock/a/b"}, {"zfs", "create", "nopool/a"}, {"zfs", "create", "-o", "bogus=1", "fbdock/a"}, {"zfs", "frob"}, {"zfs", "create", "-V", "lots", "fbdock/v"},
		{"zfs", "rename", "-u", "fbdock/none", "fbdock/new"}, {"zfs", "rename", "-u", "fbdock/vm", "fbdock/other"}, {"zfs", "rename", "-u", "fbdock/vm", "fbdock/a/b"}, {"zfs", "rename", "-u", "fbdock/vm"}, {"zfs", "rename", "-u", "fbdock/vm", "nopool/vm"},
		{"zfs", "set", "compression", "fbdock"}, {"zpool", "create", "x"}, {"zpool", "create", "x", "/dev/nosuch"}, {"zpool", "list", "-H", "x"},
		{"zpool", "import", "fbdock"}, {"service", "nosuch", "start"}, {"service"}, {"dd", "if=/dev/zero", "of=/dev/zvol/fbdock/none", "bs=1m"}, {"dd", "bs=1m", "oflag2=x"},
		{"dd", "if=" + root + "/tmp/file", "of=/dev/vtbd1", "bs=1"}, {"dd", "if=" + root + "/tmp/file", "of=/dev/vtbd1", "obs=1m"}, {"dd", "ibs=0", "if=/dev/null"},
		{"zstd", "-d", "-c", root + "/tmp/file"}, {"zstd", "-d", "-c", "/nosuch"}, {"zstd", "--decompress"},
		{"daemon"}, {"daemon", "-Z", "true"}, {"lockf", "-t", "0"}, {"pkg", "frob"}, {"pkg", "install", "-y", "nosuchpackage"}, {"pkg", "install", "sudo"},
		{"shutdown", "-r"}, {"route", "frob"}, {"uname", "--all"}, {"truncate", "x"}, {"makefs", "-t", "bogus", "a", "b"}, {"ls", "--color"},
		{"mount", "/dev/fd"}, {"mount", "-t", "fdescfs", "fdesc", "/mnt"}, {"mount", "-t", "fdescfs", "fdesc"}, {"umount", "/dev/fd"}, {"podman", "stop"}, {"podman", "frob"}, {"podman", "stop", "--all"},
	} {
		t.Run(strings.Join(argv, " "), func(t *testing.T) {
			if out, status := machine(argv...); status == 0 {
				t.Errorf("%v = status 0, want an error: %s", argv, out)
			}
		})
	}
}

// TestBhyveRefuses: command lines that bhyve(8) does not take end with 4, and most leave the machine in /dev/vmm.
func TestBhyveRefuses(t *testing.T) {
	machine, root := played(t)
	put(t, root, "rom.fd", "x")
	put(t, root, "disk.img", "x")
	base := []string{"bhyve", "-H", "-P", "-c", "2", "-m", "512M", "-s", "0,hostbridge", "-s", "31,lpc", "-l", "bootrom,/rom.fd"}
	if out, status := machine(append(base, "vm")...); status != vmError || !strings.Contains(out, "vm_create: Device not configured") {
		t.Errorf("bhyve without vmm = status %d, want %d and \"vm_create: Device not configured\": %s", status, vmError, out)
	}
	machine("kldload", "vmm")
	for _, extra := range [][]string{
		{"-s", "3,virtio-blk,/nosuch"}, {"-s", "99,virtio-rnd"}, {"-s", "0,virtio-rnd"}, {"-s", "4,virtio-frob"}, {"-s", "4,virtio-net,eth0"}, {"-s", "4,virtio-net,tap0,mac=zz"},
		{"-s", "4,virtio-net,tap9"}, {"-s", "4,virtio-9p,tag"}, {"-s", "4,virtio-9p,tag=/nosuch"}, {"-s", "3,virtio-blk,/disk.img,frob"}, {"-m", "lots"}, {"-m", "900G"}, {"-c", "0"}, {"-c", "64"},
		{"-U", "not-a-uuid"}, {"-l", "com9,stdio"}, {"-l", "bootrom,/nosuch.fd"}, {"-Q"}, {"-l", "com1,/dev/nmdmx.1A"},
	} {
		argv := append(append(slices.Clip(base), extra...), "vm")
		if out, status := machine(argv...); status != vmError || out == "" {
			t.Errorf("bhyve %v = status %d, %q, want %d and a message", extra, status, out, vmError)
		}
		machine("bhyvectl", "--vm=vm", "--destroy")
	}
	if _, status := machine("bhyve", "-m", "512M", "-s", "0,hostbridge", "vm"); status != vmError {
		t.Errorf("bhyve without a bootrom = status %d, want %d", status, vmError)
	}
	if _, err := os.Stat(filepath.Join(root, "dev/vmm/vm")); err != nil {
		t.Errorf("Stat(/dev/vmm/vm) after bhyve failed: %v, want the VM left behind", err)
	}
}

// TestNodeRace: a volume with a volmode of its own has no node before a reboot; one that inherits it has its node at once.
func TestNodeRace(t *testing.T) {
	machine, root := played(t)
	machine("zpool", "create", "-m", "none", "fbdock", "/dev/vtbd1")
	machine("zfs", "create", "-o", "volmode=dev", "fbdock/vm")
	machine("zfs", "create", "-s", "-V", "16m", "fbdock/vm/root")
	machine("zfs", "create", "-s", "-V", "16m", "-o", "volmode=dev", "fbdock/own")
	node := func(name string) bool {
		_, err := os.Lstat(filepath.Join(root, "dev/zvol/fbdock", name))
		return err == nil
	}
	if !node("vm/root") || node("own") {
		t.Errorf("device nodes: vm/root %v, own %v, want true, false", node("vm/root"), node("own"))
	}
	if out, status := machine("zfs", "set", "volsize=32m", "fbdock/own"); status == 0 {
		t.Errorf("zfs set volsize=32m fbdock/own, a volume without a node = status %d, want a panic: %s", status, out)
	}
	if out, status := machine("zfs", "set", "volsize=32m", "fbdock/vm/root"); status != 0 {
		t.Errorf("zfs set volsize=32m fbdock/vm/root = status %d, want 0: %s", status, out)
	}
	machine("init", "boot")
	machine("zfs", "list")
	if !node("own") {
		t.Error("device node fbdock/own after a reboot = missing, want it made")
	}
}

// TestPoolWithoutFeatures: a pool without feature flags takes no lz4 and no zstd until it is upgraded.
func TestPoolWithoutFeatures(t *testing.T) {
	machine, _ := played(t)
	machine("zpool", "create", "-d", "-m", "none", "old", "/dev/vtbd1")
	if out, status := machine("zpool", "get", "-H", "-o", "value", "feature@lz4_compress", "old"); status != 0 || out != "disabled\n" {
		t.Errorf("zpool get feature@lz4_compress = status %d, %q, want 0, \"disabled\\n\"", status, out)
	}
	for _, value := range []string{"lz4", "zstd", "zstd-3"} {
		out, status := machine("zfs", "create", "-o", "compression="+value, "old/a")
		if status != 1 || out != "cannot create 'old/a': pool must be upgraded to set this property or value\n" {
			t.Errorf("zfs create -o compression=%s old/a = status %d, %q, want 1 and \"pool must be upgraded\"", value, status, out)
		}
		if out, status := machine("zfs", "set", "compression="+value, "old"); status != 1 {
			t.Errorf("zfs set compression=%s old = status %d, want 1: %q", value, status, out)
		}
	}
	for _, argv := range [][]string{
		{"zfs", "create", "-o", "compression=gzip", "old/a"}, {"zpool", "upgrade"}, {"zpool", "upgrade", "old"}, {"zpool", "upgrade", "old"},
		{"zfs", "create", "-o", "compression=lz4", "old/b"},
	} {
		if out, status := machine(argv...); status != 0 {
			t.Errorf("%v = status %d, want 0: %s", argv, status, out)
		}
	}
	for _, argv := range [][]string{{"zpool", "upgrade", "none"}, {"zpool", "upgrade", "-a", "old"}, {"zpool", "get", "feature@bogus", "old"}} {
		if out, status := machine(argv...); status == 0 {
			t.Errorf("%v = status %d, want an error: %s", argv, status, out)
		}
	}
}

// TestDD: a pipe brings blocks of any size. With bs each goes to the device as it came, which refuses part of a sector; with obs whole
// blocks go, and conv=sparse leaves out those of zeros.
func TestDD(t *testing.T) {
	machine, root := played(t)
	put(t, root, "tmp/file", "")
	data := make([]byte, 4<<20)
	for i := range 1 << 20 {
		data[i], data[3<<20+i] = 'a', 'b'
	}
	pipe := func(argv ...string) (string, int) {
		in, write := io.Pipe()
		go func() {
			for rest := data; len(rest) > 0; rest = rest[min(100_001, len(rest)):] {
				_, _ = write.Write(rest[:min(100_001, len(rest))])
			}
			_ = write.Close()
		}()
		defer in.Close()
		var out bytes.Buffer
		status := run(argv, in, &out, &out)
		return out.String(), status
	}
	if out, status := pipe("dd", "of=/dev/vtbd1", "bs=1m"); status == 0 {
		t.Errorf("dd of=/dev/vtbd1 bs=1m from a pipe = status %d, want an error: %s", status, out)
	}
	machine("dd", "if=/dev/urandom", "of=/dev/vtbd1", "bs=1m", "count=4")
	if out, status := pipe("dd", "of=/dev/vtbd1", "ibs=128k", "obs=1m", "conv=sparse"); status != 0 {
		t.Errorf("dd ibs=128k obs=1m conv=sparse = status %d, want 0: %s", status, out)
	}
	head := func() []byte {
		disk, err := os.Open(filepath.Join(root, "var/lab/disks/vtbd1"))
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		got := make([]byte, len(data))
		if _, err := io.ReadFull(disk, got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := head(); !bytes.Equal(got[:1<<20], data[:1<<20]) || !bytes.Equal(got[3<<20:], data[3<<20:]) || zeros(got[1<<20:2<<20]) {
		t.Error("dd conv=sparse to a disk: want the data written, and blocks of zeros left as they were")
	}
	if out, status := pipe("dd", "of=/dev/vtbd1", "ibs=128k", "obs=1m"); status != 0 || !bytes.Equal(head(), data) {
		t.Errorf("dd ibs=128k obs=1m = status %d, want 0 and all data on the disk: %s", status, out)
	}
	if _, status := pipe("dd", "of=/tmp/hole", "ibs=128k", "obs=1m", "conv=sparse"); status != 0 {
		t.Errorf("dd of=/tmp/hole conv=sparse = status %d, want 0", status)
	}
	if got, err := os.ReadFile(filepath.Join(root, "tmp/hole")); err != nil || !bytes.Equal(got, data) {
		t.Errorf("ReadFile(/tmp/hole) = %d bytes, %v, want the %d bytes that dd read", len(got), err, len(data))
	}
}

// TestReboot: what a kernel forgets is gone, what a disk keeps is there.
func TestReboot(t *testing.T) {
	machine, root := played(t)
	put(t, root, "tmp/a.conf", "nat on vtnet0 inet from 10.77.0.0/24 to any -> (vtnet0)\n")
	for _, argv := range [][]string{{"kldload", "pf"}, {"pfctl", "-a", "fbdock", "-f", "/tmp/a.conf"}, {"ifconfig", "tap0", "create"}, {"sysctl", "net.inet.ip.forwarding=1"},
		{"sysrc", "gateway_enable=YES"}, {"zpool", "create", "-m", "none", "fbdock", "/dev/vtbd1"}} {
		if out, status := machine(argv...); status != 0 {
			t.Fatalf("%v = status %d, want 0: %s", argv, status, out)
		}
	}
	machine("init", "boot")
	if _, status := machine("kldstat", "-qm", "pf"); status == 0 {
		t.Errorf("kldstat -qm pf after a reboot = status %d, want an error", status)
	}
	if _, status := machine("ifconfig", "tap0"); status == 0 {
		t.Errorf("ifconfig tap0 after a reboot = status %d, want an error", status)
	}
	machine("kldload", "pf")
	if out, _ := machine("pfctl", "-a", "fbdock", "-sn"); out != "" {
		t.Errorf("pfctl -a fbdock -sn after a reboot = %q, want no rule", out)
	}
	if out, _ := machine("sysctl", "-n", "net.inet.ip.forwarding"); out != "1\n" {
		t.Errorf("sysctl net.inet.ip.forwarding with gateway_enable, after a reboot = %q, want \"1\\n\"", out)
	}
	if out, status := machine("zpool", "list", "-H", "-o", "name"); status != 0 || out != "fbdock\n" {
		t.Errorf("zpool list after a reboot = status %d, %q, want 0, \"fbdock\\n\"", status, out)
	}
}

// TestBridge15: from release 15 on a bridge member has no address.
func TestBridge15(t *testing.T) {
	machine, root := played(t)
	put(t, root, "etc/lab.conf", "release=15.1-RELEASE\n")
	machine("ifconfig", "bridge0", "create")
	machine("ifconfig", "tap0", "create")
	machine("ifconfig", "bridge0", "addm", "tap0")
	if _, status := machine("ifconfig", "tap0", "inet", "10.0.0.1/24"); status == 0 {
		t.Errorf("ifconfig tap0 inet 10.0.0.1/24 of a bridge member in FreeBSD 15.1 = status %d, want an error", status)
	}
}

// TestFaults: the Nth call fails without effect when a test asks for it.
func TestFaults(t *testing.T) {
	machine, _ := played(t)
	t.Setenv("LAB_FAIL", "2")
	machine("ifconfig", "bridge0", "create")
	if _, status := machine("ifconfig", "tap0", "create"); status != 1 {
		t.Errorf("the second call: status %d, want 1", status)
	}
	if out, _ := machine("ifconfig", "-l"); out != "vtnet0 lo0 bridge0\n" {
		t.Errorf("ifconfig -l = %q, want \"vtnet0 lo0 bridge0\\n\"", out)
	}
}

// TestTrace: every call is numbered, and followed by what the file system is.
func TestTrace(t *testing.T) {
	machine, root := played(t)
	trace := filepath.Join(root, "trace")
	t.Setenv("LAB_TRACE", trace)
	machine("ifconfig", "bridge0", "create")
	machine("ifconfig", "-l")
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if want := regexp.MustCompile(`^1 ifconfig bridge0 create\n1 = [0-9a-f]+\n2 ifconfig -l\n2 = [0-9a-f]+\n$`); !want.Match(text) {
		t.Errorf("trace of two commands = %q, want it to match %s", text, want)
	}
}
