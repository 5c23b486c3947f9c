package platforms_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/platforms"
	"github.com/fbdock/fbdock/platforms/hostshell"
)

// host is a computer made of maps.
type host struct {
	goos, arch string
	files      map[string]string
	writable   string
	// kvmProblem and kvmErrno are the answer of /dev/kvm.
	kvmProblem, kvmErrno string

	path    map[string]string // programs on PATH
	answers map[string]string // by program and arguments
	env     map[string]string
	cpu     platforms.CPU
	native  platforms.Native
}

func (l host) sources(ask bool) platforms.Sources {
	s := platforms.Sources{
		OS: l.goos, Arch: l.arch, Home: "/home/x",
		ReadFile: func(name string) ([]byte, error) {
			if text, ok := l.files[name]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
		Exists:   func(name string) bool { _, ok := l.files[name]; return ok },
		Writable: func(name string) bool { return name == l.writable },
		KVM:      func() (string, string) { return l.kvmProblem, l.kvmErrno },
		List: func(dir string) []string {
			var names []string
			for name := range l.files {
				if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
					names = append(names, rest)
				}
			}
			return names
		},
		LookPath: func(name string) (string, error) {
			if p, ok := l.path[name]; ok {
				return p, nil
			}
			return "", errors.New("not found")
		},
		Getenv:   func(name string) string { return l.env[name] },
		CPU:      func() platforms.CPU { return l.cpu },
		Native:   func() platforms.Native { return l.native },
		Networks: func() ([]netip.Prefix, error) { return []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}, nil },
	}
	if ask {
		s.Run = func(_ context.Context, name string, args ...string) (string, error) {
			line := strings.Join(append([]string{name}, args...), " ")
			for prefix, answer := range l.answers {
				if strings.HasPrefix(line, prefix) {
					return answer, nil
				}
			}
			return "", errors.New("exit status 1")
		}
	}
	return s
}

func TestReadLinux(t *testing.T) {
	t.Parallel()
	l := host{
		goos: "linux", arch: "amd64", cpu: intel, writable: "/dev/kvm",
		native: platforms.Native{FreeDisk: 5 << 30},
		files: map[string]string{
			"/proc/sys/kernel/osrelease": "6.12.5-arch1\n", "/etc/os-release": "NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\n",
			"/proc/meminfo": "MemTotal:       16000000 kB\nMemFree: 1 kB\n", "/dev/kvm": "",
			"/sys/module/kvm_intel/parameters/nested": "Y\n",
			"/proc/net/route": "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
				"eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\ntun0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\nbad\n",
			"/home/x/.vagrant.d/plugins.json":                           `{"version":"1","installed":{"vagrant-qemu":{"gem_version":"","installed_gem_version":"0.4.1"}}}`,
			"/usr/share/vagrant-plugins/plugins.d/vagrant-libvirt.json": "{}",
		},
		path:    map[string]string{"vagrant": "/usr/bin/vagrant", "virsh": "/usr/bin/virsh", "VBoxManage": "/usr/bin/VBoxManage", "qemu-system-x86_64": "/usr/bin/q"},
		answers: map[string]string{"/usr/bin/vagrant --version": "Vagrant 2.3.4\n", "/usr/bin/virsh": "9.0.0\n", "/usr/bin/q": "rubbish"},
		env:     map[string]string{"https_proxy": "http://p:3128", "HTTPS_PROXY": "http://other", "NO_PROXY": "localhost", "GITHUB_ACTIONS": "true"},
	}
	got, err := platforms.Read(t.Context(), l.sources(true))
	if err != nil {
		t.Fatal(err)
	}
	want := platforms.Facts{
		OS: "linux", OSName: "debian", OSVersion: "12", Kernel: "6.12.5-arch1", Arch: "amd64", CI: "GitHub Actions", CPU: intel,
		Memory: 16000000 << 10, FreeDisk: 5 << 30,
		KVM:     platforms.KVM{Present: true, Usable: true, Module: "kvm_intel", Nested: true},
		Vagrant: platforms.Program{Path: "/usr/bin/vagrant", Version: "2.3.4"},
		Programs: map[string]platforms.Program{
			"libvirt":    {Path: "/usr/bin/virsh", Version: "9.0.0"},
			"virtualbox": {Path: "/usr/bin/VBoxManage", Problem: "exit status 1"},
			"qemu":       {Path: "/usr/bin/q", Problem: "its answer is not understood"},
		},
		Plugins:  map[string]string{"vagrant-qemu": "0.4.1", "vagrant-libvirt": ""},
		Networks: []netip.Prefix{netip.MustParsePrefix("10.77.0.0/24"), netip.MustParsePrefix("192.168.1.0/24")},
		Proxy:    redact.Proxy{HTTPS: "http://p:3128", No: "localhost"},
		Shell:    hostshell.POSIX,
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("Read() (-want +got):\n%s", diff)
	}
}

// A /dev/kvm that opens is not one that works, and one that this user may not
// open is not asked.
func TestReadKVM(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		writable, problem, errno string
		want                     platforms.KVM
	}{
		"works":     {"/dev/kvm", "", "", platforms.KVM{Present: true, Usable: true}},
		"no driver": {"/dev/kvm", "open: no such device (ENODEV)", "ENODEV", platforms.KVM{Present: true, Problem: "open: no such device (ENODEV)", Errno: "ENODEV"}},
		"forbidden": {"", "open: permission denied (EACCES)", "EACCES", platforms.KVM{Present: true}},
	} {
		l := host{
			goos: "linux", arch: "amd64", cpu: intel, writable: tt.writable, files: map[string]string{"/dev/kvm": ""},
			kvmProblem: tt.problem, kvmErrno: tt.errno,
		}
		if got, err := platforms.Read(t.Context(), l.sources(false)); err != nil || got.KVM != tt.want {
			t.Errorf("%s: Read() has the KVM %+v, %v, want %+v", name, got.KVM, err, tt.want)
		}
	}
}

func TestReadWSL(t *testing.T) {
	t.Parallel()
	l := host{goos: "linux", arch: "amd64", files: map[string]string{"/proc/sys/kernel/osrelease": "5.15.167.4-microsoft-standard-WSL2\n"}}
	if got, err := platforms.Read(t.Context(), l.sources(false)); err != nil || !got.WSL {
		t.Errorf("Read() in WSL = %+v, %v, want WSL set", got, err)
	}
}

func TestReadWindows(t *testing.T) {
	t.Parallel()
	l := host{
		goos: "windows", arch: "amd64", cpu: platforms.CPU{Vendor: "Intel"},
		native: platforms.Native{OSVersion: "10.0.22631", Admin: true},
		files: map[string]string{
			`C:\Program Files\Vagrant\bin\vagrant.exe`: "", `C:\Windows\System32\vmms.exe`: "",
			`C:\Program Files\Oracle\VirtualBox\VBoxManage.exe`: "",
			`D:\v\plugins.json`: "not json",
		},
		env: map[string]string{"VAGRANT_HOME": `D:\v`},
		answers: map[string]string{
			"powershell.exe":                           "hypervisor=True\r\nvbs=True\r\nintegrity=False\r\nvmms=True\r\nwsl2=True\r\n",
			`C:\Windows\System32\ROUTE.EXE`:            "     10.8.0.0      255.255.0.0   Auf Verbindung   10.8.0.2   5\r\n 0.0.0.0 128.0.0.0 10.8.0.1 10.8.0.2 5\r\n",
			`C:\Program Files\Vagrant\bin\vagrant.exe`: "Vagrant 2.4.9\r\n", `C:\Program Files\Oracle`: "7.2.4r170995\r\n",
		},
	}
	got, err := platforms.Read(t.Context(), l.sources(true))
	if err != nil {
		t.Fatal(err)
	}
	if want := (platforms.Windows{HyperV: true, VMMS: true, VBS: true, WSL2: true, Admin: true}); got.Windows != want {
		t.Errorf("Read() on Windows: Windows = %+v, want %+v", got.Windows, want)
	}
	if got.Vagrant.Version != "2.4.9" || got.Programs["virtualbox"].Version != "7.2.4" || len(got.Unread) != 1 {
		t.Errorf("Read() on Windows = %+v, want Vagrant 2.4.9, VirtualBox 7.2.4 and one entry in Unread", got)
	}
	if got.Shell != hostshell.PowerShell || !slices.Equal(got.Variables, []string{"VAGRANT_HOME"}) || !slices.Contains(got.Networks, netip.MustParsePrefix("10.8.0.0/16")) || len(got.Networks) != 2 {
		t.Errorf("Read() on Windows = %+v, want PowerShell, VAGRANT_HOME and 2 networks with 10.8.0.0/16", got)
	}
	l.answers, l.cpu.Hypervisor = nil, "Microsoft"
	if got, err = platforms.Read(t.Context(), l.sources(true)); err != nil || !got.Windows.HyperV || len(got.Unread) != 3 {
		t.Errorf("Read() without PowerShell = %+v, %v, want HyperV and 3 entries in Unread", got, err)
	}
	if got, err = platforms.Read(t.Context(), l.sources(false)); err != nil || !got.Windows.HyperV || got.Vagrant.Version != "" {
		t.Errorf("Read() without a run of programs = %+v, %v, want HyperV and no version of Vagrant", got, err)
	}
}

func TestReadMac(t *testing.T) {
	t.Parallel()
	l := host{
		goos: "darwin", arch: "amd64", native: platforms.Native{OSVersion: "26.1", Brand: "Apple M3 Pro", Rosetta: true, Memory: 1 << 34},
		files: map[string]string{
			"/Applications/VMware Fusion.app/Contents/Library/vmrun": "", "/Applications/UTM.app/Contents/MacOS/utmctl": "",
		},
		path: map[string]string{"prlctl": "/usr/local/bin/prlctl"},
		answers: map[string]string{
			"/usr/sbin/netstat":                           "Destination Gateway Flags Netif\ndefault 192.168.1.1 UGScg en0\n10.8/16 utun4 USc utun4\n192.168.1 link#6 UCS en0\n192.168.1.7 x UHLWI lo0\n127 127.0.0.1 UCS lo0\n",
			"/usr/bin/defaults read /Applications/VMware": "13.6.4\n", "/usr/local/bin/prlctl": "prlctl version 20.1.0 (55732)",
			"prlsrvctl": "License: state=\"valid\" edition=\"pro\"",
		},
	}
	got, err := platforms.Read(t.Context(), l.sources(true))
	if err != nil || got.Arch != "arm64" || !got.Rosetta || got.CPU.Apple != 3 || got.CPU.Vendor != "Apple" {
		t.Errorf("Read() on a Mac = %+v, %v, want arm64, Rosetta and an Apple M3", got, err)
	}
	if want := []netip.Prefix{netip.MustParsePrefix("10.8.0.0/16"), netip.MustParsePrefix("192.168.1.0/24")}; !slices.Equal(got.Networks, want) {
		t.Errorf("Read() on a Mac: networks = %v, want %v", got.Networks, want)
	}
	if got.Programs["vmware"].Version != "13.6.4" || got.Programs["parallels"].Edition != "pro" || got.Programs["parallels"].Version != "20.1.0" || !got.Programs["utm"].Found() {
		t.Errorf("Read() on a Mac: programs = %+v, want vmware 13.6.4, parallels pro 20.1.0 and utm", got.Programs)
	}
}

func TestReadStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("told so")
	cancel(cause)
	if _, err := platforms.Read(ctx, host{goos: "linux", arch: "amd64"}.sources(false)); !errors.Is(err, cause) {
		t.Errorf("Read() with an ended context: error = %v, want %v", err, cause)
	}
}

// The computer that runs the tests: whatever it is, it is read.
func TestReadThisOne(t *testing.T) {
	t.Parallel()
	f, err := platforms.Read(t.Context(), platforms.System(func(string) (string, error) { return "", errors.New("none") }, func(string) string { return "" }))
	if err != nil || f.OS == "" || f.Arch == "" || f.CPU.Count == 0 || f.Memory == 0 || f.FreeDisk == 0 {
		t.Errorf("Read() of this computer = %+v, %v, want no empty field", f, err)
	}
}
