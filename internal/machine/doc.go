// Package machine is one machine of a project that fbdock can connect to: its
// folder of the state directory with keys, pins and the cached ssh-config, the
// login in its guests, and its agent. Who brings the machine up and down is a
// System: packages vagrantvm and external have one each.
package machine
