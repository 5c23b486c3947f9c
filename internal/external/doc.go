// Package external is the System of a machine whose FreeBSD is there already,
// on an external host: reached by SSH, or the computer that fbdock runs on.
// fbdock starts and stops the engine there and nothing else, and changes
// nothing before the user has agreed to it.
package external
