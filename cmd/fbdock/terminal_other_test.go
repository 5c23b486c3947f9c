//go:build !linux

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
)

// atTerminal is for Linux; scripts skip it elsewhere.
func atTerminal() {
	fmt.Fprintln(os.Stderr, "atty: only on Linux")
	os.Exit(1)
}

const hasTerminals = false

func startAtTerminal(*exec.Cmd, io.ReadWriter, func()) (*os.Process, bool) { return nil, false }

func signalGroup(leader *os.Process, sig os.Signal) error { return leader.Signal(sig) }
