package ui_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/internal/ui"
)

// clock is moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type screen struct {
	*ui.UI
	clock    clock
	out, eut bytes.Buffer
}

// piped is a UI whose streams are no terminals.
func piped(o ui.Options) *screen {
	s := &screen{}
	o.Stdout, o.Stderr, o.Clock = &s.out, &s.eut, s.clock.Now
	s.UI = ui.New(o)
	return s
}

func (s *screen) want(t *testing.T, out, eut string) {
	t.Helper()
	if diff := cmp.Diff(out, s.out.String()); diff != "" {
		t.Errorf("standard output (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(eut, s.eut.String()); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
}

func TestPhasesAreLinesWithoutATerminal(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{})
	s.Begin("vagrant up")
	s.Detail("importing the box")
	s.clock.add(83 * time.Second)
	s.End(ui.OK, "")
	s.Begin("engine image")
	s.Bytes(1<<20, 4<<20)
	s.clock.add(16 * time.Second)
	s.Bytes(2<<20, 4<<20)
	s.Bytes(4<<20, 4<<20)
	s.End(ui.Skip, "there already")
	s.Begin("guest 30-storage")
	s.clock.add(400 * time.Millisecond)
	s.End(ui.Fail, "zpool: no such\npool \x1b[31m")
	s.End(ui.OK, "nothing runs")
	s.want(t, "", ""+
		"ok   vagrant up                1m23s\n"+
		"engine image: 2.0 of 4.0 MiB, 50%, 0.1 MiB/s, 16s left\n"+
		"skip engine image                16s  there already\n"+
		"fail guest 30-storage           0.4s  zpool: no such pool \\x1b[31m\n")
}

// TestTransfersBesideEachOther: each is a line of its own, whichever ends first.
func TestTransfersBesideEachOther(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{})
	s.Begin("phase")
	one, endOne := s.Transfer("one")
	two, endTwo := s.Transfer("two\x1b[31m")
	one(1<<20, 4<<20)
	two(0, 0)
	s.clock.add(16 * time.Second)
	one(2<<20, 4<<20)
	endTwo(ui.Fail, "gone")
	endTwo(ui.OK, "twice")
	endOne(ui.OK, "")
	s.End(ui.OK, "")
	s.want(t, "", ""+
		"one: 2.0 of 4.0 MiB, 50%, 0.1 MiB/s, 16s left\n"+
		"fail two\\x1b[31m                 16s  gone\n"+
		"ok   one                         16s\n"+
		"ok   phase                       16s\n")
}

func TestBeginEndsWhatRuns(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{})
	s.Bytes(1, 2) // of nothing
	s.Begin("one")
	s.Begin("two")
	s.Error(errors.New("it broke"), "")
	s.Begin("three")
	s.Close()
	s.want(t, "", ""+
		"ok   one                        0.0s\n"+
		"fail two                        0.0s\n"+
		"fbdock: error: it broke\n"+
		"fail three                      0.0s  stopped\n")
}

func TestQuietAndVerbose(t *testing.T) {
	t.Parallel()
	speak := func(s *screen) {
		s.Say("said")
		s.Note("noted")
		s.Begin("phase")
		s.Detail("detail")
		s.End(ui.OK, "")
		s.Begin("phase")
		s.End(ui.Fail, "")
		s.Warn("warned")
		s.Error(nil, "no error")
	}
	quiet, verbose := piped(ui.Options{Quiet: true}), piped(ui.Options{Verbose: true})
	speak(quiet)
	speak(verbose)
	const failed = "fail phase                      0.0s\nfbdock: warning: warned\n"
	quiet.want(t, "", failed)
	verbose.want(t, "", "said\nnoted\n  detail\nok   phase                      0.0s\n"+failed)
}

type hinted struct{ error }

func (h hinted) Hint() string { return "own hint" }

func TestErrorHints(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{})
	wrapped := fmt.Errorf("outer: %w", hinted{errors.New("inner")})
	s.Error(wrapped, "")
	s.Error(wrapped, "given hint")
	s.Error(errors.New("two\nlines\n\tand a tab\x07"), "")
	s.want(t, "", ""+
		"fbdock: error: outer: inner\nfbdock: hint: own hint\n"+
		"fbdock: error: outer: inner\nfbdock: hint: given hint\n"+
		"fbdock: error: two\nlines\n\tand a tab\\a\n")
}

func TestColorPolicy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		o    ui.Options
		want bool
	}{
		{ui.Options{}, false},
		{ui.Options{ForceColor: true}, true},
		{ui.Options{ForceColor: true, NoColor: true}, false},
		{ui.Options{ForceColor: true, Dumb: true}, true},
	} {
		s := piped(test.o)
		s.Error(errors.New("x"), "y")
		_ = s.Table([]string{"A"}, nil)
		colored := strings.Contains(s.eut.String(), "\x1b[31m") && strings.Contains(s.out.String(), "\x1b[1m")
		if s.Color() != test.want || colored != test.want {
			t.Errorf("New(%+v).Color() = %v, output %q, want colour: %v", test.o, s.Color(), s.eut.String(), test.want)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{Quiet: true})
	rows := [][]string{{"dev", "virtualbox", "up"}, {"a-longer-name", "qemu"}, {"x", "", "late\ncell"}}
	for _, err := range []error{
		s.Table([]string{"NAME", "PROVIDER", "STATE"}, rows),
		s.JSON(map[string]any{"b": []int{1}, "a": "<&>"}),
		s.Table(nil, nil),
		s.Print("as it is"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	s.want(t, ""+
		"NAME           PROVIDER    STATE\n"+
		"dev            virtualbox  up\n"+
		"a-longer-name  qemu\n"+
		"x                          late cell\n"+
		"{\n  \"a\": \"<&>\",\n  \"b\": [\n    1\n  ]\n}\n"+
		"as it is", "")
	if s.JSON(func() {}) == nil {
		t.Error("JSON() of a function: no error, want one")
	}
	broken := ui.New(ui.Options{Stdout: failWriter{}})
	if err := broken.Print("x"); !errors.Is(err, errFull) {
		t.Errorf("Print() to a full disk: error = %v, want errFull", err)
	}
}

var errFull = errors.New("full")

type failWriter struct{}

func (failWriter) Write([]byte) (int, error) { return 0, errFull }

func TestConfirmNeedsATerminal(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{Stdin: strings.NewReader("y\n")})
	ok, err := s.Confirm("Remove it?", "--yes")
	var none *ui.NoAnswerError
	if ok || !errors.Is(err, ui.ErrNoTerminal) || !errors.As(err, &none) || !strings.Contains(none.Hint(), "--yes") {
		t.Errorf("Confirm() without a terminal = %v, %v, want false and a NoAnswerError whose hint names --yes", ok, err)
	}
	s.want(t, "", "")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{Verbose: true})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				s.Begin("phase")
				s.Detail("detail")
				s.Bytes(1, 2)
				s.Say(strings.Repeat(string(rune('a'+i)), 20))
				s.End(ui.OK, "")
			}
		})
	}
	wg.Wait()
	for line := range strings.Lines(s.eut.String()) {
		if strings.Trim(line, line[:1]) == "\n" && len(line) == 21 {
			continue // one letter, unbroken
		}
		if line != "  detail\n" && line != "ok   phase                      0.0s\n" {
			t.Errorf("line %q, want a whole one", line)
		}
	}
}

// TestTextOfAHostileGuest: whichever way a guest's words are told, nothing
// of them reaches the terminal that it would obey or that hides itself.
func TestTextOfAHostileGuest(t *testing.T) {
	t.Parallel()
	const words = "\x1b]0;title\x07\x1b[2J\u009b31m\u202e\x7f\xff\r\ngone"
	s := piped(ui.Options{Verbose: true})
	s.Say(words)
	s.Note(words)
	s.Warn(words)
	s.Error(errors.New(words), words)
	s.Begin(words)
	s.Detail(words)
	s.End(ui.Fail, words)
	if _, err := s.Confirm(words, words); err != nil {
		s.Error(err, "")
	}
	_ = s.Print(words)
	_ = s.Table([]string{words}, [][]string{{words}})
	value := map[string]string{words: words + "\U000e0001"}
	_ = s.JSON(value)
	for _, r := range s.out.String() + s.eut.String() {
		if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
			t.Fatalf("%U reaches the terminal, want it escaped:\n%q\n%q", r, s.out.String(), s.eut.String())
		}
	}
	_, text, _ := strings.Cut(s.out.String(), "\n{")
	var back map[string]string
	if err := json.Unmarshal([]byte("{"+text), &back); err != nil {
		t.Fatalf("Unmarshal of the escaped output: %v, want valid JSON\n%s", err, text)
	}
	want := strings.ToValidUTF8(words, "\ufffd")
	if diff := cmp.Diff(map[string]string{want: want + "\U000e0001"}, back); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestCopyIsVerbatimWithoutATerminal(t *testing.T) {
	t.Parallel()
	s := piped(ui.Options{})
	w := s.Copy()
	for _, text := range []string{"\x1b[32mok\x1b[0m \x00", "\xff\nno end"} {
		if n, err := io.WriteString(w, text); n != len(text) || err != nil {
			t.Errorf("Write(%q) = %d, %v, want %d", text, n, err, len(text))
		}
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	s.want(t, "\x1b[32mok\x1b[0m \x00\xff\nno end", "")
}

// TestTableOfAHostileGuest: one long cell does not widen the others' lines.
func TestTableOfAHostileGuest(t *testing.T) {
	t.Parallel()
	rows := [][]string{{strings.Repeat("x", 1<<20), "ok"}}
	for range 1000 {
		rows = append(rows, []string{"name", "ok"})
	}
	s := piped(ui.Options{})
	if err := s.Table(nil, rows); err != nil {
		t.Fatal(err)
	}
	if n := s.out.Len(); n > 2<<20 {
		t.Errorf("Table() of 1 MiB printed %d bytes, want at most 2 MiB", n)
	}
}
