package confine

import (
	"errors"
	"io/fs"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"
)

// handle opens an object of the folder.
func (d *dir) handle(word string, access, options uint32) (windows.Handle, error) {
	return d.create(word, access, windows.FILE_OPEN, options, 0)
}

func (d *dir) create(word string, access, disposition, options, attributes uint32) (windows.Handle, error) {
	if word == "." {
		word = "" // the folder itself, to NtCreateFile
	}
	name, err := windows.NewNTUnicodeString(word)
	if err != nil {
		return 0, err
	}
	object := &windows.OBJECT_ATTRIBUTES{RootDirectory: windows.Handle(d.file.Fd()), ObjectName: name, Attributes: windows.OBJ_CASE_INSENSITIVE}
	object.Length = uint32(unsafe.Sizeof(*object))
	var h windows.Handle
	err = windows.NtCreateFile(&h, access|windows.SYNCHRONIZE, object, &windows.IO_STATUS_BLOCK{}, nil, attributes,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, disposition,
		options|windows.FILE_OPEN_FOR_BACKUP_INTENT|windows.FILE_SYNCHRONOUS_IO_NONALERT, 0, 0)
	return h, errno(err)
}

func errno(err error) error {
	if status, ok := errors.AsType[windows.NTStatus](err); ok {
		return status.Errno()
	}
	return err
}

// Classes of NtSetInformationFile that x/sys does not name.
const (
	fileLinkInformation     = 11
	fileRenameInformationEx = 65
)

// target is FILE_RENAME_INFORMATION and FILE_LINK_INFORMATION up to the name.
type target struct {
	flags  uint32
	folder windows.Handle
	size   uint32 // of the name, in bytes
	name   [1]uint16
}

func (d *dir) rename(word string, to *dir, as string) error {
	h, err := d.handle(word, windows.DELETE, windows.FILE_OPEN_REPARSE_POINT)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h) //nolint:errcheck // the name is changed by then
	const replace = windows.FILE_RENAME_REPLACE_IF_EXISTS
	err = aim(h, fileRenameInformationEx, replace|windows.FILE_RENAME_POSIX_SEMANTICS, to, as)
	if err != nil { // FAT, or a system that does not know it
		err = aim(h, windows.FileRenameInformation, replace, to, as)
	}
	return err
}

func (d *dir) link(word string, to *dir, as string) error {
	h, err := d.handle(word, windows.FILE_WRITE_ATTRIBUTES, windows.FILE_OPEN_REPARSE_POINT)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h) //nolint:errcheck // the name is there by then
	return aim(h, fileLinkInformation, 0, to, as)
}

func (d *dir) unlink(word string, folder bool) error {
	kind := uint32(windows.FILE_NON_DIRECTORY_FILE)
	if folder {
		kind = windows.FILE_DIRECTORY_FILE
	}
	h, err := d.handle(word, windows.DELETE, kind|windows.FILE_OPEN_REPARSE_POINT)
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h) //nolint:errcheck // what can be told is told before
	set := func(class uint32, value *byte, size uintptr) error {
		return errno(windows.NtSetInformationFile(h, &windows.IO_STATUS_BLOCK{}, value, uint32(size), class))
	}
	flags := uint32(windows.FILE_DISPOSITION_DELETE | windows.FILE_DISPOSITION_POSIX_SEMANTICS | windows.FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE)
	err = set(windows.FileDispositionInformationEx, (*byte)(unsafe.Pointer(&flags)), unsafe.Sizeof(flags))
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, windows.ERROR_DIR_NOT_EMPTY) || err == nil {
		return err
	}
	remove := byte(1) // FAT, or a system that does not know it
	return set(windows.FileDispositionInformation, &remove, unsafe.Sizeof(remove))
}

// aim gives the object of a handle a name in another folder.
func aim(h windows.Handle, class, flags uint32, to *dir, as string) error {
	name, err := windows.UTF16FromString(as)
	if err != nil {
		return err
	}
	name = name[:len(name)-1]
	head := int(unsafe.Offsetof(target{}.name))
	size := max(head+2*len(name), int(unsafe.Sizeof(target{})))
	buffer := make([]uint64, (size+7)/8) // aligned for the handle
	t := (*target)(unsafe.Pointer(&buffer[0]))
	t.flags, t.folder, t.size = flags, windows.Handle(to.file.Fd()), uint32(2*len(name))
	copy(unsafe.Slice(&t.name[0], len(name)), name)
	return errno(windows.NtSetInformationFile(h, &windows.IO_STATUS_BLOCK{}, (*byte)(unsafe.Pointer(t)), uint32(size), class))
}

// lookAt is what a handle has: identity, whether it is a reparse point, and
// the number of hard links.
func lookAt(h windows.Handle) (id identity, tagged bool, links uint64, err error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return identity{}, false, 0, err
	}
	id = identity{volume: uint64(info.VolumeSerialNumber) | 1<<32, file: uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)}
	return id, info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0, uint64(info.NumberOfLinks), nil
}

// longName is the last word of what a handle is called, a short name written
// out; "" when the system does not tell.
func longName(h windows.Handle) string {
	buffer := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetFinalPathNameByHandle(h, &buffer[0], uint32(len(buffer)), 0)
	if err != nil || int(n) > len(buffer) {
		return ""
	}
	return filepath.Base(windows.UTF16ToString(buffer[:n]))
}

// identityOf is the identity of what a path leads to.
func identityOf(path string) (identity, error) {
	id, _, err := identify(path, 0)
	return id, err
}

// lidentityOf follows no link at the end.
func lidentityOf(path string) (identity, fs.FileMode, error) {
	return identify(path, windows.FILE_FLAG_OPEN_REPARSE_POINT)
}

func identify(path string, flags uint32) (identity, fs.FileMode, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return identity{}, 0, err
	}
	h, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_EXISTING, flags|windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return identity{}, 0, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer windows.CloseHandle(h) //nolint:errcheck // it was only looked at
	id, tagged, _, err := lookAt(h)
	if err != nil || !tagged {
		return id, 0, err
	}
	var tag struct{ attributes, tag uint32 }
	if err := windows.GetFileInformationByHandleEx(h, windows.FileAttributeTagInfo, (*byte)(unsafe.Pointer(&tag)), uint32(unsafe.Sizeof(tag))); err != nil {
		return id, 0, err
	}
	const surrogate = 0x20000000 // the bit of tags that stand for another object
	if tag.tag&surrogate != 0 {
		return id, fs.ModeSymlink, nil
	}
	return id, 0, nil
}
