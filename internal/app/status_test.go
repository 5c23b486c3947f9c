package app

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/command"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/provision/contract"
)

func TestHealthLines(t *testing.T) {
	t.Parallel()
	got := contract.ParseLayers("noise\nfbdock-health pool ok zroot online\nfbdock-health dockerd fail connection refused\n")
	want := []machine.Layer{{Name: "pool", OK: true, Text: "zroot online"}, {Name: "dockerd", Text: "connection refused"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	s := MachineStatus{Layers: got}
	if b := s.Broken(); b == nil || b.Name != "dockerd" {
		t.Errorf("first broken layer %v, want dockerd", b)
	}
}

func TestStatusOfErrors(t *testing.T) {
	t.Parallel()
	inner := &failure.Error{Err: errors.New("x"), Next: "do y", Code: failure.ExitUsage}
	outer := &failure.Error{Err: inner}
	if outer.Hint() != "do y" {
		t.Errorf("Hint() = %q, want %q", outer.Hint(), "do y")
	}
	for want, err := range map[int]error{0: nil, 1: errors.New("x"), 2: inner, 125: command.NotRun(inner)} {
		if got := failure.Status(err); got != want {
			t.Errorf("Status(%v) = %d, want %d", err, got, want)
		}
	}
}
