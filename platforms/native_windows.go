package platforms

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/windows"
)

// verServer and verController are wProductType of RTL_OSVERSIONINFOEXW.
const (
	verController = 2
	verServer     = 3
)

func native(home string) Native {
	v := windows.RtlGetVersion()
	n := Native{
		OSVersion: fmt.Sprintf("%d.%d.%d", v.MajorVersion, v.MinorVersion, v.BuildNumber),
		Server:    v.ProductType == verServer || v.ProductType == verController,
		Memory:    memory(),
		Admin:     windows.GetCurrentProcessToken().IsElevated(),
	}
	if dir, err := windows.UTF16PtrFromString(home); err == nil {
		// A failure leaves 0, which means unknown.
		_ = windows.GetDiskFreeSpaceEx(dir, &n.FreeDisk, nil, nil)
	}
	return n
}

// memory asks GlobalMemoryStatusEx, which x/sys does not wrap.
func memory() uint64 {
	var status struct {
		length, load                                                              uint32
		total, free, totalPage, freePage, totalVirtual, freeVirtual, freeExtended uint64
	}
	status.length = uint32(unsafe.Sizeof(status))
	proc := windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")
	if ok, _, _ := proc.Call(uintptr(unsafe.Pointer(&status))); ok == 0 {
		return 0
	}
	return status.total
}
