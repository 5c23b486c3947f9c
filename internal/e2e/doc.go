// Package e2e holds the tests of the whole: the real fbdock,
// the real Vagrant, sshd, QEMU and dockerd, on the lab that `make lab`
// starts. It has no code of its own; its tests are built with the tag e2e.
package e2e
