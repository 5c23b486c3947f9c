package vagrant

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestBoxesOfEvents(t *testing.T) {
	t.Parallel()
	var events []Event
	for _, line := range []string{
		"1,,box-provider,lost", "1,,ui,info,fbdock/freebsd-15.1 (libvirt%!(VAGRANT_COMMA) 15.1.1.7)",
		"1,,box-name,fbdock/freebsd-15.1", "1,,box-provider,libvirt", "1,,box-architecture,amd64", "1,,box-version,15.1.1.7",
		"1,,box-name,bento/freebsd-15", "1,,box-provider,virtualbox", "1,,box-version,202510.26.0", "1,,box-info,a,b",
	} {
		e, ok := ParseLine(line)
		if !ok {
			t.Fatalf("ParseLine(%q) = no event, want one", line)
		}
		events = append(events, e)
	}
	want := []Box{
		{Name: "fbdock/freebsd-15.1", Provider: "libvirt", Version: "15.1.1.7"},
		{Name: "bento/freebsd-15", Provider: "virtualbox", Version: "202510.26.0"},
	}
	if got := boxes(events); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestRealBox adds a box by its catalogue to the Vagrant that is here.
func TestRealBox(t *testing.T) {
	t.Parallel()
	v := Vagrant{Env: append(os.Environ(), "VAGRANT_HOME="+t.TempDir())}
	if _, err := v.Version(t.Context()); err != nil {
		t.Skipf("no vagrant here: %v", err)
	}
	dir := t.TempDir()
	archive, catalogue := filepath.Join(dir, "a b.box"), filepath.Join(dir, "catalogue.json")
	f, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	text := []byte(`{"provider":"docker"}`)
	err = w.WriteHeader(&tar.Header{Name: "metadata.json", Mode: 0o644, Size: int64(len(text))})
	if _, werr := w.Write(text); errors.Join(err, werr, w.Close(), z.Close(), f.Close()) != nil {
		t.Fatal("write the box: want no error, got ", err, werr)
	}
	address := (&url.URL{Scheme: "file", Path: filepath.ToSlash(archive)}).String()
	json := fmt.Sprintf(`{"name":"fbdock/test","versions":[{"version":"15.1.1.7","providers":[{"name":"docker","url":%q}]}]}`, address)
	if err := os.WriteFile(catalogue, []byte(json), 0o600); err != nil {
		t.Fatal(err)
	}
	b := Box{Name: "fbdock/test", Provider: "docker", Version: "15.1.1.7"}
	if err := v.AddBox(t.Context(), catalogue, b); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Boxes(t.Context()); err != nil || !slices.Equal(got, []Box{b}) {
		t.Errorf("Boxes() after AddBox = %v, %v, want only %v", got, err, b)
	}
	if failed, ok := errors.AsType[*Error](v.AddBox(t.Context(), catalogue, b)); !ok || failed.Class != "Vagrant::Errors::BoxAlreadyExists" {
		t.Errorf("AddBox() of a box that is already there: error = %v, want class Vagrant::Errors::BoxAlreadyExists", failed)
	}
}
