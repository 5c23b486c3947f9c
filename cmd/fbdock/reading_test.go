package main

import (
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkReading times the commands that only read the configuration and
// this host.
func BenchmarkReading(b *testing.B) {
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fbdock.hcl"), []byte("machine \"dev\" {}\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := null.Close(); err != nil {
			b.Error(err)
		}
	})
	for _, command := range []string{"validate", "plan", "doctor"} {
		b.Run(command, func(b *testing.B) {
			for b.Loop() {
				p := program{stdin: null, stdout: null, stderr: null, environ: os.Environ(), version: "test"}
				// doctor answers 3 on a host that cannot run a machine.
				if status := p.main(b.Context(), []string{"fbdock", "-C", dir, command}); status != 0 && (command != "doctor" || status != 3) {
					b.Fatalf("fbdock %s = status %d, want 0", command, status)
				}
			}
		})
	}
}
