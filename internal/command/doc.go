// Package command runs the user's commands for a machine: docker, compose and
// podman by the CLI of this host or of the guest, and any program in a guest.
// Paths, files and variables that they name go along.
package command
