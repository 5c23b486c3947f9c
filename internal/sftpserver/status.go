package sftpserver

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Status codes of SFTP version 3: there are no others, so that a full disk
// and a folder that is not empty look alike to the guest.
const (
	statusOK          = 0
	statusEOF         = 1
	statusNoFile      = 2
	statusDenied      = 3
	statusFailure     = 4
	statusBadMessage  = 5
	statusUnsupported = 8
)

var (
	errUnsupported = errors.New("not supported")
	errBadHandle   = errors.New("no such handle")
	errReadOnly    = errors.New("the mount is read-only")
	errPrivate     = errors.New("the name is fbdock's own")
	errName        = errors.New("this computer has no such names")
)

// status maps an error as OpenSSH's server does, which is what sshfs maps
// back from.
func status(err error) (code uint32, text string) {
	switch {
	case err == nil:
		return statusOK, "ok"
	case errors.Is(err, io.EOF):
		return statusEOF, "end of file"
	case errors.Is(err, errUnsupported):
		return statusUnsupported, err.Error()
	case errors.Is(err, errShort):
		return statusBadMessage, err.Error()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errBadHandle), errors.Is(err, syscall.ELOOP):
		return statusNoFile, "no such file"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, errReadOnly), errors.Is(err, errPrivate), escapes(err):
		return statusDenied, "permission denied"
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, errName):
		return statusBadMessage, reason(err)
	}
	return statusFailure, reason(err)
}

// escapes tells the refusal of os.Root, which has no exported value: its
// path errors carry a reason that the system did not give.
func escapes(err error) bool {
	inner := err
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		inner = p.Err
	} else if l, ok := errors.AsType[*os.LinkError](err); ok {
		inner = l.Err
	} else {
		return false
	}
	_, system := errors.AsType[syscall.Errno](inner)
	return !system && !errors.Is(inner, fs.ErrExist) && !errors.Is(inner, fs.ErrClosed) && !errors.Is(inner, fs.ErrInvalid)
}

// reason leaves out the laptop's own paths.
func reason(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return "failure"
}
