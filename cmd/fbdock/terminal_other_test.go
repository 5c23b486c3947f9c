//go:build !linux

package main

import (
	"fmt"
	"os"
)

// atTerminal is for Linux; scripts skip it elsewhere.
func atTerminal() {
	fmt.Fprintln(os.Stderr, "atty: only on Linux")
	os.Exit(1)
}
