//go:build linux

package main

import (
	"regexp"
	"sync"
)

// expression compiles a regular expression when it is first used: a step runs
// a stand-in for each of its commands, most of which use none.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
