package boxes_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fbdock/fbdock/boxes"
)

func TestListAndRemove(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	if files, err := c.List(); err != nil || len(files) != 0 {
		t.Errorf("List() without a cache = %v, %v, want none", files, err)
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
	stored := func(name string) string { return "sha512/" + filepath.Base(name) }
	part := halfOf(t, c, m, sum([]byte("another")))
	digest := sum(content())
	want := []boxes.Cached{
		{File: "half.qcow2.part", Size: 3, Partial: true},
		{File: "strange.qcow2", Size: 14},
		{
			File: stored(digest), Size: int64(len(content())), SHA512: digest,
			Name: "alpine-3.24", Architecture: "amd64", URL: image(m).URLs[0],
		},
		{File: stored(part), Partial: true, Wanted: sum([]byte("another")), URL: image(m).URLs[0]},
	}
	order := func(a, b boxes.Cached) int { return strings.Compare(a.Name+a.File, b.Name+b.File) }
	got, err := c.List()
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("List() = %+v, %v, want %+v", got, err, want)
	}
	for _, f := range got {
		if err := c.Remove(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := c.List(); err != nil || len(files) != 0 {
		t.Errorf("List() after Remove() = %v, %v, want none", files, err)
	}
	mustFetch(t, c, image(m))
	if n := m.gets.Load(); n != 2 {
		t.Errorf("%d downloads, want one more", n)
	}
}

// What another fbdock fetches at this time is not removed from under it.
func TestRemoveOfWhatIsFetched(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	var removed error
	var once sync.Once
	f, err := c.Fetch(t.Context(), image(m), func(int64, int64) {
		once.Do(func() {
			list, err := c.List()
			if err != nil || len(list) != 1 || !list[0].Partial {
				t.Errorf("List() during a download = %+v, %v, want one partial file", list, err)
				return
			}
			removed = c.Remove(t.Context(), list[0])
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if removed == nil {
		t.Error("Remove() of a file that is being fetched: no error, want one")
	}
}

// A label is for people: one that would move the cursor is not shown.
func TestLabelsArePrintable(t *testing.T) {
	t.Parallel()
	m := serve(t, whole)
	c := cache(t, m)
	mustFetch(t, c, image(m))
	write(t, c.Path(sum(content()))+".json", []byte(`{"name":"alpine-3.24\u001b[2J"}`))
	if list, err := c.List(); err != nil || len(list) != 1 || list[0].Name != "" {
		t.Errorf("List() of a label with an escape sequence = %+v, %v, want one file without a name", list, err)
	}
}
