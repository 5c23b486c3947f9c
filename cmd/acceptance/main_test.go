package main

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fbdock/fbdock/internal/run/runtest"
)

// TestNothingStays: a run that fails before its first step leaves no folder.
func TestNothingStays(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for fbdock is a shell script")
	}
	for name, script := range map[string]string{
		"no version": "exit 1", "no such step": "echo fbdock 1",
	} {
		temporary := t.TempDir()
		t.Setenv("TMPDIR", temporary)
		program := filepath.Join(t.TempDir(), "fbdock")
		if err := runtest.WriteProgram(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		status, err := judge(t.Context(), []string{"-fbdock", program, "-machine", "provider = 1", "-yes", "-sabotage", "none=freebsd:true"})
		if status != 1 || err == nil {
			t.Errorf("%s: judge = %d, %v, want 1 and an error", name, status, err)
		}
		if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind: %v, %v, want nothing", name, left, err)
		}
	}
}
