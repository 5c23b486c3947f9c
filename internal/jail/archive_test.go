package jail_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/jail"
)

func TestRead(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	want := jail.Header{Name: "web", Release: "15.1", Hostname: "web.example", Architecture: "amd64"}
	if err := want.Write(&b); err != nil {
		t.Fatal(err)
	}
	b.WriteString("stream\nof zfs")
	got, rest, err := jail.Read(&b)
	want.Format, want.Version = "fbdock-jail", 1
	if err != nil || got != want {
		t.Fatalf("Read of what Write wrote = %+v, %v, want %+v", got, err, want)
	}
	if stream, err := io.ReadAll(rest); err != nil || string(stream) != "stream\nof zfs" {
		t.Errorf("stream after Read() = %q, %v, want \"stream\\nof zfs\"", stream, err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "\n", "no newline", strings.Repeat("x", 1<<20), "{}\n", `{"format":"other","version":1}` + "\n",
		`{"format":"fbdock-jail","version":2,"name":"web","release":"15.1"}` + "\n",
		`{"format":"fbdock-jail","version":1,"name":"../etc","release":"15.1"}` + "\n",
		`{"format":"fbdock-jail","version":1,"name":"web","release":"15.1;reboot"}` + "\n",
		`{"format":"fbdock-jail","version":1,"name":"web","release":"15.1","hostname":"a b"}` + "\n",
		`{"format":"fbdock-jail","version":1,"name":"web"}` + "\n",
	} {
		if h, _, err := jail.Read(strings.NewReader(text)); err == nil {
			t.Errorf("Read(%.60q) = %+v, want an error", text, h)
		}
	}
}
