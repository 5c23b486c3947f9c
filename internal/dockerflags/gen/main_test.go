package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTableIsCurrent fails when a module has other commands or flags than the
// table, and when a flag has no rule.
func TestTableIsCurrent(t *testing.T) {
	want, err := table()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../table.txt"
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("table.txt is out of date; run `make docker-flags` (-want +got):\n%s", diff)
	}
}
