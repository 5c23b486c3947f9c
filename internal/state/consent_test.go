package state_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestConsentIsRemembered(t *testing.T) {
	t.Parallel()
	s, project := store(t), folder(t)
	if ok, err := look(t, s, project).Consented("image one"); err != nil || ok {
		t.Errorf("Consented() of no project = %v, %v", ok, err)
	}
	d := made(t, s, project)
	given := func(key string) bool {
		t.Helper()
		ok, err := look(t, s, project).Consented(key)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if given("image one") {
		t.Error("consent that nobody gave")
	}
	for _, key := range []string{"image one", "image two"} {
		if err := d.Consent(key); err != nil {
			t.Fatal(err)
		}
	}
	if !given("image one") || !given("image two") || given("image") || given("image one ") {
		t.Error("what is remembered is not what was agreed to")
	}
	file := filepath.Join(d.Path(), "consent.json")
	mode(t, file, 0o600)
	if err := os.WriteFile(file, []byte(`{"image one":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if given("image one") {
		t.Error("a record that is cut short counts as consent")
	}
}
