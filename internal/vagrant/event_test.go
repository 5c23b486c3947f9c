package vagrant

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line string
		want Event
		ok   bool
	}{
		{"1795459053,,ui,error,No usable%!(VAGRANT_COMMA) really\\nnone", Event{Type: "ui", Data: []string{"error", "No usable, really\nnone"}}, true},
		{"1795459053,dev,metadata,provider,docker", Event{Machine: "dev", Type: "metadata", Data: []string{"provider", "docker"}}, true},
		{"1,dev,state,running", Event{Machine: "dev", Type: "state", Data: []string{"running"}}, true},
		{"1,,x-y_z2", Event{Type: "x-y_z2"}, true},
		{"1,,ui,", Event{Type: "ui", Data: []string{""}}, true},
		{"1,,ui,a,b\xff", Event{Type: "ui", Data: []string{"a", "b?"}}, true},
		{line: ""},
		{line: "Host dev"},
		{line: "1,dev"},
		{line: "1,dev,"},
		{line: ",dev,state,running"},
		{line: "-1,dev,state,running"},
		{line: "1,dev,State,running"},
		{line: "12:30, yes, a sentence, with commas"},
	}
	for _, tt := range tests {
		got, ok := ParseLine(tt.line)
		if ok != tt.ok {
			t.Errorf("%q: event %v, want %v", tt.line, ok, tt.ok)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("ParseLine(%q) differs (-want +got):\n%s", tt.line, diff)
		}
	}
}

func TestEventKinds(t *testing.T) {
	t.Parallel()
	ui := Event{Type: TypeUI, Data: []string{"info", "hello"}}
	if level, text, ok := ui.Message(); !ok || level != "info" || text != "hello" {
		t.Errorf("Message() of a ui event = %q, %q, %v, want \"info\", \"hello\", true", level, text, ok)
	}
	action := Event{Type: TypeAction, Data: []string{"up", "start"}}
	if name, begins, ok := action.Action(); !ok || !begins || name != "up" {
		t.Errorf("Action() of an action event = %q, %v, %v, want \"up\", true, true", name, begins, ok)
	}
	exit := Event{Type: TypeErrorExit, Data: []string{"Vagrant::Errors::X", "text"}}
	if class, text, ok := exit.ErrorExit(); !ok || class != "Vagrant::Errors::X" || text != "text" {
		t.Errorf("ErrorExit() of an error-exit event = %q, %q, %v, want \"Vagrant::Errors::X\", \"text\", true", class, text, ok)
	}
	if _, _, ok := action.Message(); ok {
		t.Error("Message() of an action event = true, want false")
	}
	if _, _, ok := ui.Action(); ok {
		t.Error("Action() of a ui event = true, want false")
	}
	if _, _, ok := ui.ErrorExit(); ok {
		t.Error("ErrorExit() of a ui event = true, want false")
	}
}

// The pieces in which a pipe hands the output over must not matter.
func TestStreamInPieces(t *testing.T) {
	t.Parallel()
	const out = "1,dev,ui,info,one\r\nnoise, with, commas\n2,dev,ui,info,two\n" +
		"3,,error-exit,C,t\nHost dev\n  Port 2222\n4,dev,state,running"
	for size := 1; size <= len(out); size++ {
		var seen []string
		s := &stream{onEvent: func(e Event) { seen = append(seen, e.Type+" "+strings.Join(e.Data, " ")) }}
		for rest := []byte(out); len(rest) > 0; {
			n := min(size, len(rest))
			if _, err := s.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		s.close()
		want := []string{"ui info one", "ui info two", "error-exit C t", "state running"}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Fatalf("events of writes of %d bytes differ (-want +got):\n%s", size, diff)
		}
		if got := s.text.String(); got != "noise, with, commas\nHost dev\n  Port 2222\n" {
			t.Fatalf("plain text after writes of %d bytes = %q, want the two lines that are no events", size, got)
		}
		if len(s.events) != 2 {
			t.Fatalf("events kept after writes of %d bytes = %v, want two", size, s.events)
		}
	}
}

func TestStreamBoundsItsMemory(t *testing.T) {
	t.Parallel()
	s := &stream{}
	long := bytes.Repeat([]byte("x"), maxLine/4)
	for range 20 {
		_, _ = s.Write(long) // one line of 5 MiB
	}
	_, _ = s.Write([]byte("\n1,dev,state,running\n"))
	for range 20 {
		_, _ = s.Write(append(long, '\n'))
	}
	s.close()
	if len(s.events) != 1 {
		t.Errorf("events %v, want the one behind the long line", s.events)
	}
	if n := len(s.text.Bytes()); n > 5*maxLine {
		t.Errorf("splitter holds %d bytes after long lines, want at most %d", n, 5*maxLine)
	}
}

func FuzzMachineReadable(f *testing.F) {
	f.Add([]byte("1795459053,dev,ui,error,No%!(VAGRANT_COMMA)\\nusable\n"))
	f.Add([]byte("1,dev,state,running\r\nnoise\n2,,error-exit,A::B,t"))
	f.Add([]byte(",,,\n1,,\n1,,a,\n\xff,\x00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var whole, pieces []Event
		a := &stream{onEvent: func(e Event) { whole = append(whole, e) }}
		b := &stream{onEvent: func(e Event) { pieces = append(pieces, e) }}
		_, _ = a.Write(data)
		for _, c := range data {
			_, _ = b.Write([]byte{c})
		}
		a.close()
		b.close()
		if diff := cmp.Diff(whole, pieces); diff != "" {
			t.Errorf("events of single bytes differ from those of one write (-want +got):\n%s", diff)
		}
		for _, e := range whole {
			for _, d := range append(e.Data, e.Machine) {
				if !utf8.ValidString(d) {
					t.Errorf("event has %q, want valid UTF-8", d)
				}
			}
			// What Vagrant would escape comes back as it was.
			line := "1," + e.Machine + "," + e.Type
			for _, d := range e.Data {
				line += "," + escape(d)
			}
			if strings.ContainsAny(e.Machine, ",\n\r") {
				continue
			}
			if again, ok := ParseLine(line); !ok || !cmp.Equal(again, e) {
				t.Errorf("ParseLine(%q) = %v, %v, want %v", line, again, ok, e)
			}
		}
	})
}

// escape is MachineReadable#machine of Vagrant's lib/vagrant/ui.rb.
func escape(s string) string {
	return strings.NewReplacer(",", "%!(VAGRANT_COMMA)", "\n", `\n`, "\r", `\r`).Replace(s)
}
