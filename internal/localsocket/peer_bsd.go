//go:build darwin || freebsd

package localsocket

import "golang.org/x/sys/unix"

// peerOf is the user that called listen(2), see LOCAL_PEERCRED in unix(4).
func peerOf(fd int) (int, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
