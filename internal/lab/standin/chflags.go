//go:build linux

package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"
)

// immutable is FS_IMMUTABLE_FL of Linux, which the kernel keeps as FreeBSD keeps schg: root too cannot write to the file, remove
// it, or make something in the folder.
const (
	immutable   = 0x10
	getFlags    = 0x80086601 // FS_IOC_GETFLAGS
	setFlags    = 0x40086602 // FS_IOC_SETFLAGS
	chflagsHelp = "usage: chflags [-fhvx] [-R [-H | -L | -P]] flags file ...\n"
)

// chflags knows schg and what takes it back; other flags that FreeBSD has are refused as those that the file system has not.
func chflags(l *lab) int {
	options, words, bad := getopt(l.args, "HLPRfhvx")
	below := false
	for _, o := range options {
		below = below || o.flag == 'R'
	}
	if bad != "" {
		l.errorf("chflags: %s\n%s", bad, chflagsHelp)
		return 1
	}
	if len(words) < 2 {
		l.errorf("%s", chflagsHelp)
		return 1
	}
	set := false
	for flag := range strings.SplitSeq(words[0], ",") {
		known := false
		switch flag {
		case "schg", "schange", "simmutable":
			set, known = true, true
		case "noschg", "noschange", "nosimmutable", "0":
			set, known = false, true
		case "arch", "nodump", "sappnd", "sunlnk", "uappnd", "uchg", "uunlnk", "hidden", "system":
			return chflagsFailed(l, words[1], syscall.EOPNOTSUPP)
		}
		if !known {
			return l.fail("invalid flag: %s", flag)
		}
	}
	status := 0
	for _, name := range words[1:] {
		if err := flag(l, name, set, below); err != nil {
			status = chflagsFailed(l, name, err)
		}
	}
	return status
}

func chflagsFailed(l *lab, name string, err error) int {
	words := "Operation not supported"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		words = "No such file or directory"
	case errors.Is(err, fs.ErrPermission):
		words = "Operation not permitted"
	}
	return l.fail("%s: %s", name, words)
}

func flag(l *lab, name string, set, below bool) error {
	if below {
		return filepath.WalkDir(l.path(name), func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return flagOne(path, set)
		})
	}
	return flagOne(l.path(name), set)
}

func flagOne(path string, set bool) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var flags int32
	if err := ioctl(file, getFlags, &flags); err != nil {
		return err
	}
	next := flags &^ immutable
	if set {
		next |= immutable
	}
	if next == flags {
		return nil
	}
	return ioctl(file, setFlags, &next)
}

func ioctl(file *os.File, request uintptr, flags *int32) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(unsafe.Pointer(flags))); errno != 0 {
		return errno
	}
	return nil
}
