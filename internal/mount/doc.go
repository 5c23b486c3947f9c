// Package mount makes laptop folders live in the guests: it serves a folder
// over SFTP to an sshfs that runs in the guest on the ends of an SSH
// session, and it knows which paths of a docker command line are the
// laptop's.
//
// The SFTP server is our own and not pkg/sftp's RequestServer, which loses
// what a file system needs: the mode of mkdir, the handle of fstat after a
// rename, and the order of a truncate behind the writes before it.
//
// It never reads or writes outside of the folder it serves (os.Root), never
// changes an owner, and never prints.
package mount
