package platforms

import (
	"context"
	"fmt"
	"strings"
)

// askWindows prints what only WMI and the services know, in one process:
// PowerShell takes half a second to start.
const askWindows = `$ErrorActionPreference='SilentlyContinue'
$g=Get-CimInstance -Namespace root\Microsoft\Windows\DeviceGuard -ClassName Win32_DeviceGuard
'hypervisor='+(Get-CimInstance Win32_ComputerSystem).HypervisorPresent
'vbs='+($g.VirtualizationBasedSecurityStatus -eq 2)
'integrity='+($g.SecurityServicesRunning -contains 2)
'vmms='+[bool](Get-Service vmms)
'wsl2='+[bool](Get-Service WslService,LxssManager)`

// windows reads what decides about nesting. Even without asking PowerShell
// CPUID tells the main thing: with Hyper-V on, Windows itself runs under it.
func (s Sources) windows(ctx context.Context, f *Facts) {
	f.Windows.HyperV = f.CPU.Hypervisor == "Microsoft"
	f.Windows.VMMS = s.Exists(`C:\Windows\System32\vmms.exe`)
	if s.Run == nil {
		return
	}
	out, err := s.Run(ctx, "powershell.exe", "-NoProfile", "-NonInteractive", "-Command", askWindows)
	if err != nil {
		f.Unread = append(f.Unread, fmt.Sprintf("windows features: %v", err))
		return
	}
	v := assignments(strings.ReplaceAll(out, "\r", ""))
	is := func(name string) bool { return strings.EqualFold(v[name], "true") }
	w := &f.Windows
	w.HyperV = w.HyperV || is("hypervisor")
	w.VBS, w.MemoryIntegrity, w.VMMS, w.WSL2 = is("vbs"), is("integrity"), w.VMMS || is("vmms"), is("wsl2")
}
