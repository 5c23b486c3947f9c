package platforms

import (
	"fmt"
	"strconv"
	"strings"
)

func (s Sources) linux(f *Facts) {
	if kernel, err := s.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		f.Kernel = strings.TrimSpace(string(kernel))
		f.WSL = strings.Contains(strings.ToLower(f.Kernel), "microsoft")
	}
	if release, err := s.ReadFile("/etc/os-release"); err == nil {
		v := assignments(string(release))
		f.OSName, f.OSVersion = v["ID"], v["VERSION_ID"]
	}
	if info, err := s.ReadFile("/proc/meminfo"); err == nil {
		f.Memory = meminfo(string(info))
	}
	for _, socket := range []string{"/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock"} {
		f.LibvirtDenied = f.LibvirtDenied || s.Exists(socket) && !s.Writable(socket)
	}
	f.KVM.Present = s.Exists("/dev/kvm")
	if f.KVM.Present && s.Writable("/dev/kvm") {
		f.KVM.Problem, f.KVM.Errno = s.KVM()
		f.KVM.Usable = f.KVM.Problem == ""
	}
	for _, module := range []string{"kvm_intel", "kvm_amd"} {
		value, err := s.ReadFile("/sys/module/" + module + "/parameters/nested")
		if err == nil {
			f.KVM.Module = module
			v := strings.TrimSpace(string(value))
			f.KVM.Nested = v == "Y" || v == "1"
		} else if !absent(err) {
			f.Unread = append(f.Unread, fmt.Sprintf("%s: %v", module, err))
		}
	}
}

// assignments reads the NAME=value lines of os-release(5).
func assignments(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok {
			values[name] = strings.Trim(value, `"'`)
		}
	}
	return values
}

func meminfo(text string) uint64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
			kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err == nil {
				return kb << 10
			}
		}
	}
	return 0
}
