package boxes_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fbdock/fbdock/boxes"
)

func TestListAndRemove(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	if files, err := c.List(); err != nil || len(files) != 0 {
		t.Errorf("no cache yet: %v, %v", files, err)
	}
	mustFetch(t, c, image(m))
	for name, data := range map[string]string{"half.qcow2.part": "abc", "strange.qcow2": "never verified"} {
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(c.Dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	want := []boxes.Cached{
		{Name: "half.qcow2", Size: 3, Partial: true},
		{Name: "img.qcow2", Size: int64(len(content())), SHA512: sum(content())},
		{Name: "strange.qcow2", Size: 14},
	}
	got, err := c.List()
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%+v, %v, want %+v", got, err, want)
	}
	for _, f := range got {
		if err := c.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := c.List(); err != nil || len(files) != 0 {
		t.Errorf("left: %v, %v", files, err)
	}
	mustFetch(t, c, image(m))
	if n := m.gets.Load(); n != 2 {
		t.Errorf("%d downloads, want one more", n)
	}
}
