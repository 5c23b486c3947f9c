// Package project is one project: its fbdock.hcl found, read and planned, what
// it reaches on the host and what the user has agreed to of that, and its
// machines as the last `up` has made them. It knows nothing of commands.
package project
