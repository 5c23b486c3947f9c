// Package up brings one machine to what its configuration says, from whatever
// state it is in: the engine image and the payload go to the guest, its steps
// run, and the engine is waited for.
package up
