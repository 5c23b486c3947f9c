package folderid

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// fileIDInfo is FILE_ID_INFO; ReFS has ids of 128 bits.
type fileIDInfo struct {
	volume uint64
	file   [16]byte
}

// Of is the identity of what path leads to.
func Of(path string) (Identity, error) {
	fault := func(err error) (Identity, error) {
		return Identity{}, &os.PathError{Op: "identify", Path: path, Err: err}
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return fault(err)
	}
	// Without FILE_FLAG_BACKUP_SEMANTICS no folder can be opened.
	h, err := windows.CreateFile(name, 0, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil,
		windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return fault(err)
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing was written
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return fault(err)
	}
	id := Identity{
		Device: fmt.Sprintf("%x", info.VolumeSerialNumber), File: fmt.Sprintf("%x", uint64(info.FileIndexHigh)<<32|uint64(info.FileIndexLow)),
		Born: info.CreationTime.Nanoseconds(),
	}
	var long fileIDInfo
	if windows.GetFileInformationByHandleEx(h, windows.FileIdInfo, (*byte)(unsafe.Pointer(&long)), uint32(unsafe.Sizeof(long))) == nil {
		id.Device, id.File = fmt.Sprintf("%x", long.volume), fmt.Sprintf("%x", long.file)
	}
	return id, nil
}
