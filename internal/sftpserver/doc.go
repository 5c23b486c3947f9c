// Package sftpserver serves one host folder over SFTP version 3 to the sshfs
// of a guest. The guest is not trusted: its root sends whatever packets it
// likes.
//
// The server is our own and not pkg/sftp's RequestServer, which loses what a
// file system needs: the mode of mkdir, the handle of fstat after a rename,
// and the order of a truncate behind the writes before it.
//
// It never reads or writes outside of the folder, never changes an owner, and
// never prints. It knows nothing of SSH: it reads packets and writes packets.
package sftpserver
