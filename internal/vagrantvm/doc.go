// Package vagrantvm is the System of a machine that Vagrant makes, and of the
// engine that it makes beside FreeBSD.
package vagrantvm
