// Package provision makes what the guests run out of a plan.Machine: the
// FreeBSD guest's steps with their values, the engine's NoCloud seed, its
// daemon.json, certificates and SSH keys. It returns files in memory; it
// starts no program and writes no file, and the key of the certificate
// authority is never among what it hands out for a guest.
package provision

import "embed"

// The steps are static files, so that shellcheck and a person can read them;
// the only thing generated for them is fbdock.env.
//
//go:embed guest/*.sh guest/fbdock-* guest/docker guest/steps guest/rc.d engine
var static embed.FS
