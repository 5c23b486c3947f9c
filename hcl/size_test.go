package hcl_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/fbdock/fbdock/hcl"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want hcl.Size
		err  error
	}{
		{"6GiB", 6 * hcl.GiB, nil},
		{"512 MB", 512 * hcl.MiB, nil},
		{"2g", 2 * hcl.GiB, nil},
		{" 1.5TiB ", 1536 * hcl.GiB, nil},
		{"1024k", hcl.MiB, nil},
		{"7b", 7, nil},
		{"0.5KiB", 512, nil},
		{"8388607TiB", 8388607 * hcl.TiB, nil},
		{"8388608TiB", 0, hcl.ErrSizeTooLarge},
		{"0GiB", 0, hcl.ErrSizeZero},
		{"0.0GiB", 0, hcl.ErrSizeZero},
		{"-1GiB", 0, hcl.ErrSizeNegative},
		{"--1GiB", 0, hcl.ErrNotSize},
		{"6", 0, hcl.ErrSizeUnit},
		{"-6", 0, hcl.ErrSizeUnit},
		{"0.3B", 0, hcl.ErrSizePart},
		{"", 0, hcl.ErrNotSize},
		{"GiB", 0, hcl.ErrNotSize},
		{".5GiB", 0, hcl.ErrNotSize},
		{"5.GiB", 0, hcl.ErrNotSize},
		{"1.2.3GiB", 0, hcl.ErrNotSize},
		{"6PiB", 0, hcl.ErrNotSize},
		{"6e3MiB", 0, hcl.ErrNotSize},
		{"6 GiB of it", 0, hcl.ErrNotSize},
		{"\u0666GiB", 0, hcl.ErrNotSize},
	}
	for _, test := range tests {
		got, err := hcl.ParseSize(test.text)
		if got != test.want || !errors.Is(err, test.err) {
			t.Errorf("ParseSize(%q) = %v, %v; want %v, %v", test.text, got, err, test.want, test.err)
		}
	}
}

func TestSizeRoundTrip(t *testing.T) {
	t.Parallel()
	for _, want := range []hcl.Size{0, 1, 1023, hcl.KiB, 3 * hcl.MiB, hcl.GiB + hcl.MiB, 2 * hcl.TiB} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got hcl.Size
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("Unmarshal(%s) = %v, %v, want %v", text, got, err, want)
		}
	}
	var s hcl.Size
	if err := json.Unmarshal([]byte(`"lots"`), &s); !errors.Is(err, hcl.ErrNotSize) {
		t.Errorf("Unmarshal(\"lots\"): error = %v, want ErrNotSize", err)
	}
}
