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
		t.Errorf("Consented() of a folder that is no project = %v, %v, want false and no error", ok, err)
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
		t.Error("Consented(image one) before anybody agreed = true, want false")
	}
	for _, key := range []string{"image one", "image two"} {
		if err := d.Consent(key); err != nil {
			t.Fatal(err)
		}
	}
	if !given("image one") || !given("image two") || given("image") || given("image one ") {
		t.Error("Consented() after \"image one\" and \"image two\" were agreed to: want true for exactly these two")
	}
	file := filepath.Join(d.Path(), "consent.json")
	mode(t, file, 0o600)
	if err := os.WriteFile(file, []byte(`{"image one":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if given("image one") {
		t.Error("Consented(image one) of a record that is cut short = true, want false")
	}
}
