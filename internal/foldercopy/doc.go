// Package foldercopy keeps a copy of a host folder in a guest, one way: it
// watches the folder and sends what changed as tar archives over an SSH
// session. It brings nothing back, and overwrites nothing in the guest that it
// has not put there.
package foldercopy
