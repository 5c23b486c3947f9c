package localsocket

import "golang.org/x/sys/unix"

// peerOf is the user that called listen(2), see SO_PEERCRED in unix(7).
func peerOf(fd int) (int, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return int(cred.Uid), nil
}
