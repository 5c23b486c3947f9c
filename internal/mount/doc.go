// Package mount makes host folders live in the guests: it serves a folder
// over SFTP to an sshfs that runs in the guest on the ends of an SSH session.
//
// What a guest may do to a served folder is internal/sftpserver's to judge. It
// never prints.
package mount
