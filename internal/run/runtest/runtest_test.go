package runtest_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/fbdock/fbdock/internal/run/runtest"
)

// TestWriteProgram: a program that was written while others start can be run.
func TestWriteProgram(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no shell scripts")
	}
	ctx, cancel := context.WithCancel(t.Context())
	var others sync.WaitGroup
	defer others.Wait()
	defer cancel()
	for range 4 {
		others.Go(func() {
			for ctx.Err() == nil {
				_ = exec.CommandContext(ctx, "true").Run() // ended with ctx
			}
		})
	}
	dir := t.TempDir()
	script := "#!/bin/sh\nexit\n" + strings.Repeat("#", 1<<18) // a write takes a while
	for i := range 50 {
		program := filepath.Join(dir, strconv.Itoa(i))
		if err := runtest.WriteProgram(program, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := exec.CommandContext(ctx, program).Run(); err != nil {
			t.Fatalf("program %d: %v, want it to run", i, err)
		}
	}
}
