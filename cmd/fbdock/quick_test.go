package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What only reads the file is as quick as reading a file, and doctor answers
// while one still looks at the screen.
func TestQuick(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fbdock.hcl"), []byte("machine \"dev\" {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := null.Close(); err != nil {
			t.Error(err)
		}
	})
	for verb, limit := range map[string]time.Duration{
		"validate": 50 * time.Millisecond, "plan": 50 * time.Millisecond, "doctor": 2 * time.Second,
	} {
		best := time.Hour
		for range 5 {
			p := program{stdin: null, stdout: null, stderr: null, environ: os.Environ(), version: "test"}
			began := time.Now()
			if status := p.main(t.Context(), []string{"fbdock", "-C", dir, verb}); status != 0 && (verb != "doctor" || status != 3) {
				t.Fatalf("%s: status %d", verb, status)
			}
			best = min(best, time.Since(began))
		}
		if best > limit {
			t.Errorf("%s took %v, more than %v", verb, best, limit)
		}
		t.Logf("%s: %v", verb, best)
	}
}
