package sftpserver

import (
	"errors"
	"io"
	"io/fs"
	"syscall"

	"github.com/fbdock/fbdock/internal/confine"
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
	case errors.Is(err, fs.ErrPermission):
		return statusDenied, "permission denied"
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, confine.ErrName):
		return statusBadMessage, reason(err)
	}
	return statusFailure, reason(err)
}

// reason leaves out the host's own paths.
func reason(err error) string {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return "failure"
}
