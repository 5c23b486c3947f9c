// Package confine is a host folder that somebody who is not trusted works in:
// a guest by way of the SFTP server, or a copy on its way to one.
//
// It follows no symbolic link, in no part of a name and for no operation: the
// guest's kernel has resolved the links that it was to follow, so that a link
// on the way is an attack or a race. It refuses what is private by identity
// (device and inode, or volume and file identifier), so that neither another
// spelling nor another way leads there, and folders named .fbdock by name as
// well. Every operation works on descriptors: a name is looked up word by
// word from the folder's own descriptor, which is opened once.
//
// It never reads or changes anything outside of the folder, opens nothing but
// regular files and folders, never blocks on a named pipe or device, and never
// prints.
package confine
