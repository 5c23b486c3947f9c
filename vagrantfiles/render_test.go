package vagrantfiles

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/platforms/placement"
)

var update = flag.Bool("update", false, "write the golden files anew")

func machine(name, provider, arch string) plan.Machine {
	return plan.Machine{
		Name: name, Instance: "fbdock-" + name + "-0a1b2c3d", Provider: provider,
		Box:  plan.Box{Name: "bento/freebsd-15", Version: "~> 202510.26", Architecture: arch, BootTimeout: 900},
		CPUs: 4, Memory: 6 * hcl.GiB,
		Engine: plan.Engine{Hypervisor: "auto"},
	}
}

// beside is a machine whose engine is a VM beside FreeBSD.
func beside(name, provider, arch string) plan.Machine {
	m := machine(name, provider, arch)
	m.CPUs, m.Memory = 2, hcl.GiB
	m.Engine = plan.Engine{
		Hypervisor: "auto", Placement: plan.PlacementSibling, CPUs: 2, Memory: 2 * hcl.GiB, Disk: 40 * hcl.GiB,
		Image: plan.Image{Name: "alpine-3.24", Architecture: arch}, Data: plan.DataRoot,
	}
	if provider == "libvirt" || provider == "qemu" {
		m.Engine.Data = plan.DataDisk
	}
	return m
}

// plans are the golden files: one of each provider, and what differs.
func plans() map[string]plan.Plan {
	all := map[string]plan.Plan{}
	for _, p := range []string{"virtualbox", "vmware_desktop", "libvirt", "hyperv", "parallels", "qemu", "utm", "docker"} {
		all[p] = plan.Plan{Machines: []plan.Machine{machine("dev", p, "amd64")}}
	}
	for _, p := range []string{"virtualbox", "vmware_desktop", "parallels", "qemu"} {
		all[p+"-arm64"] = plan.Plan{Machines: []plan.Machine{machine("dev", p, "arm64")}}
	}
	docker := &all["docker"].Machines[0].Box
	docker.Name, docker.Version, docker.BootTimeout = "fbdock-lab-guest:latest", "", 300
	nested := machine("dev", "qemu", "arm64")
	nested.Engine.Hypervisor = "bhyve"
	all["qemu-arm64-bhyve"] = plan.Plan{Machines: []plan.Machine{nested}}
	for _, p := range []string{"virtualbox", "vmware_desktop", "libvirt", "hyperv", "parallels", "qemu", "utm"} {
		all["sibling-"+p] = plan.Plan{Machines: []plan.Machine{beside("dev", p, "amd64")}}
	}
	container := beside("dev", "docker", "amd64")
	container.Box.Name, container.Box.Version, container.Box.BootTimeout = "fbdock-lab-guest:latest", "", 300
	all["sibling-docker"] = plan.Plan{Machines: []plan.Machine{container}}
	for _, p := range []string{"virtualbox", "vmware_desktop", "parallels", "qemu", "utm"} {
		all["sibling-"+p+"-arm64"] = plan.Plan{Machines: []plan.Machine{beside("dev", p, "arm64")}}
	}
	for _, p := range []string{"libvirt", "qemu"} {
		emulated := beside("dev", p, "amd64")
		emulated.Engine.Hypervisor = "qemu"
		all["sibling-"+p+"-emulated"] = plan.Plan{Machines: []plan.Machine{emulated}}
	}
	own := machine("dev", "libvirt", "amd64")
	own.Box.Name, own.Box.Version, own.Box.Own = "fbdock/freebsd-15.1", "15.1.1.79228162514264337593543950336", true
	all["own"] = plan.Plan{Machines: []plan.Machine{own}}
	from := machine("dev", "libvirt", "amd64")
	from.Box.Name, from.Box.URL = "me/freebsd", "https://boxes.example.com/freebsd.json"
	all["box-url"] = plan.Plan{Machines: []plan.Machine{from}}
	from.Box.Name, from.Box.URL, from.Box.Version = "me/freebsd-sha256-e3b0c44298fc1c14", "", ""
	from.Box.File, from.Box.SHA256 = "/srv/boxes/freebsd.box", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	all["box-file"] = plan.Plan{Machines: []plan.Machine{from}}
	all["two"] = plan.Plan{Machines: []plan.Machine{machine("dev", "libvirt", "amd64"), machine("ci", "docker", "amd64")}}
	return all
}

func render(t *testing.T, p plan.Plan) []byte {
	t.Helper()
	images := map[string]string{}
	for _, m := range p.Machines {
		images[m.Name] = "/home/dev/.cache/fbdock/images/alpine-3.24-amd64.qcow2"
	}
	out, err := Render(p, Options{Images: images})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, p := range plans() {
		got := render(t, p)
		golden := filepath.Join("testdata", name+".golden")
		if *update {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s, refresh with -update (-want +got):\n%s", name, diff)
		}
	}
}

func TestRubyAcceptsAll(t *testing.T) {
	t.Parallel()
	ruby, err := exec.LookPath("ruby")
	if err != nil {
		t.Skipf("ruby is not installed: %v", err)
	}
	all := plans()
	all["hostile"] = hostile()
	for name, p := range all {
		file := filepath.Join(t.TempDir(), "Vagrantfile")
		if err := os.WriteFile(file, render(t, p), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), ruby, "-wc", file).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != "Syntax OK" {
			t.Errorf("ruby -wc %s: %v, want \"Syntax OK\"\n%s", name, err, out)
		}
	}
}

// hostile has in every string what would break out of a careless one.
func hostile() plan.Plan {
	bad := strings.Join(hard(), "")
	m := machine(bad, "virtualbox", bad)
	m.Instance, m.Box.Name, m.Box.Version = bad, bad, bad
	m.Box.URL, m.Box.File, m.Box.SHA256 = bad, bad, bad
	m.Engine.Placement, m.Engine.Image.Name, m.Engine.Image.Architecture = plan.PlacementSibling, bad, bad
	return plan.Plan{Machines: []plan.Machine{m}}
}

func TestUnknownProvider(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"", "auto", "xen", "VirtualBox"} {
		if _, err := Render(plan.Plan{Machines: []plan.Machine{machine("dev", p, "amd64")}}, Options{}); err == nil {
			t.Errorf("Render() with provider %q: no error, want one", p)
		}
	}
}

// What the facts forbid must not come back.
func TestNeverWritten(t *testing.T) {
	t.Parallel()
	for name, p := range plans() {
		for line := range strings.Lines(string(render(t, p))) {
			code := strings.TrimSpace(line)
			if strings.HasPrefix(code, "#") {
				continue
			}
			if strings.Contains(code, "private_network") && !strings.Contains(code, "auto_config: false") {
				t.Errorf("%s has a network without auto_config: false, want it: %s", name, code)
			}
			for _, never := range []string{"vm.disk", `"post-import", ["set", :id, "--device-add"`, "vm.hostname", "maxmemory", "privileged = true", "cpu_model"} {
				if strings.Contains(code, never) {
					t.Errorf("%s has %s, want it nowhere: %s", name, never, code)
				}
			}
		}
	}
}

// No VM runs in another where the engine is beside FreeBSD, and the two VMs have cards
// of one network with different addresses, where the provider makes one.
func TestSibling(t *testing.T) {
	t.Parallel()
	for name, p := range plans() {
		if !p.Machines[0].Engine.Sibling() {
			continue
		}
		text := string(render(t, p))
		for _, nesting := range []string{"nested", "vhv.enable", "enable_virtualization_extensions", "vm.provision"} {
			if strings.Contains(text, nesting) {
				t.Errorf("%s has %s, want it nowhere", name, nesting)
			}
		}
		freebsd, engine, found := strings.Cut(text, `config.vm.define "dev-engine"`)
		cpus := map[string]string{"qemu": `v.smp = "2"`, "docker": `"cpus=2"`}[p.Machines[0].Provider]
		if cpus == "" {
			cpus = "v.cpus = 2"
		}
		// FreeBSD's container has what the host has.
		small := strings.Contains(freebsd, "1024") || p.Machines[0].Provider == "docker"
		if !found || !strings.Contains(engine, cpus) || !strings.Contains(engine, "2048") || !small {
			t.Errorf("Vagrantfile of %s: want a VM dev-engine with 2 CPUs and 2048 MB, and FreeBSD with 1024 MB:\n%s", name, text)
		}
		for _, c := range []card{cardOf(p.Machines[0], false), cardOf(p.Machines[0], true)} {
			part := freebsd
			if c.engine {
				part = engine
			}
			has := strings.Contains(part, c.mac) || strings.Contains(part, c.bareMAC())
			if has != placement.Network(p.Machines[0].Provider) {
				t.Errorf("%s: card of the private network: %v, want %v", name, has, placement.Network(p.Machines[0].Provider))
			}
		}
	}
}

func TestWithoutImageThereIsNoUpload(t *testing.T) {
	t.Parallel()
	p := plan.Plan{Machines: []plan.Machine{machine("dev", "libvirt", "amd64")}}
	out, err := Render(p, Options{})
	if err != nil || strings.Contains(string(out), "fbdock-image\"") {
		t.Errorf("Render() without an image = %v, want no error and no fbdock-image\n%s", err, out)
	}
}

func TestMemoryIsRoundedUp(t *testing.T) {
	t.Parallel()
	if got := mebibytes(hcl.GiB + 1); got != 1025 {
		t.Errorf("1 GiB and a byte is %d MiB, want 1025", got)
	}
}

func TestPortsStayInTheirRange(t *testing.T) {
	t.Parallel()
	for _, s := range hard() {
		if p := qemuPort(s); p < 40000 || p+2 >= 49152 {
			t.Errorf("qemuPort(%q) = %d, want one from 40000 to 49149", s, p)
		}
	}
}
