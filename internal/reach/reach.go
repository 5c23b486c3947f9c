// Package reach says what a configuration reaches on the host beyond its own
// folder. A configuration may be somebody else's: one that was cloned decides
// what guests get of the host, and this is what the user is asked before. The
// package asks nobody, opens nothing and writes nothing.
package reach

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Kind of a Reach.
type Kind string

// What a configuration may reach for.
const (
	Mount       Kind = "mount"       // a folder that guests see
	File        Kind = "file"        // a file that file() reads
	Env         Kind = "env"         // a variable that env() reads
	Certificate Kind = "certificate" // a file of ca_certificates
	Script      Kind = "script"      // a file of a provision block
	Image       Kind = "image"       // a disk image of the user's own
	Forward     Kind = "forward"     // an address to listen on
	Host        Kind = "host"        // a computer to log in to
	Box         Kind = "box"         // a box whose code runs on the host
	Mirror      Kind = "mirror"      // an address that images are fetched from
)

// Access is what guests may do with a folder.
type Access string

// A copy is what ReadOnly is: the guests get what the folder holds.
const (
	ReadOnly  Access = "read-only"
	ReadWrite Access = "read-write"
)

// Reach is one thing that a configuration reaches for.
type Reach struct {
	Kind Kind `json:"kind"`
	// What is a path without links, a name or an address.
	What   string `json:"what"`
	Access Access `json:"access,omitempty"` // of a mount
	// To is the computer of the user's own that gets it, "" for VMs.
	To string `json:"to,omitempty"`
	// Warning says why it is more than others of its kind.
	Warning string `json:"warning,omitempty"`
}

// String says it in a line.
func (r Reach) String() string {
	text := map[Kind]string{
		Mount: "the guests see the folder %s", File: "reads the file %s", Env: "reads the environment variable %s",
		Certificate: "sends the certificates in %s to the engine", Script: "runs the script %s in a guest",
		Image: "starts the engine from the disk image %s", Forward: "listens on %s, for published ports",
		Host: "logs in to %s with your SSH keys, and becomes root there", Box: "makes the guest of the box %s",
		Mirror: "fetches images from %s",
	}[r.Kind]
	if text == "" {
		text = string(r.Kind) + " %s"
	}
	text = fmt.Sprintf(text, r.What)
	if r.Access != "" {
		text += " (" + string(r.Access) + ")"
	}
	if r.To != "" {
		text += ", on " + r.To
	}
	return text
}

// Keys are what a record of the user's agreements calls it: who has agreed to
// one of them has agreed to it. The first is the one to write down.
func (r Reach) Keys() []string {
	key := func(access Access) string {
		return strings.TrimSpace(fmt.Sprintf("reach %s %s %q %s", r.Kind, access, r.What, r.To))
	}
	if r.Access == ReadOnly {
		return []string{key(ReadOnly), key(ReadWrite)}
	}
	return []string{key(r.Access)}
}

// sorted puts reaches in order, each once. Who may write may read.
func sorted(all []Reach) []Reach {
	keys := map[string]bool{}
	for _, r := range all {
		keys[r.Keys()[0]] = true
	}
	var kept []Reach
	for _, r := range all {
		if others := r.Keys()[1:]; slices.ContainsFunc(others, func(k string) bool { return keys[k] }) {
			continue
		}
		kept = append(kept, r)
	}
	slices.SortStableFunc(kept, func(a, b Reach) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.To, b.To), strings.Compare(a.What, b.What))
	})
	return slices.Compact(kept)
}
