package provision_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// install runs the payload that upload left, as fbdock does.
const install = `cp -a /var/db/fbdock/payload /var/db/fbdock/incoming && sh /var/db/fbdock/incoming/install.sh; echo "status $?"`

func TestStepsTwice(t *testing.T) {
	needNamespaces(t)
	for _, shell := range []string{"dash", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			// Debian's busybox-static is made to take its own stat before
			// that of PATH, which is the stand-in.
			if shell == "busybox" && exec.CommandContext(t.Context(), shell, "sh", "-c", "PATH=/none stat /").Run() == nil {
				t.Skip("this busybox looks into itself before PATH (apt-get install busybox, not busybox-static)")
			}
			g := newGuest(t)
			p := g.upload(t, labMachine())
			out, _ := g.run(t, "ln -sf "+shell+" /bin/sh\n"+install+"\n echo second\n"+install)
			first, second, _ := strings.Cut(out, "second\n")
			done := "fbdock-steps done " + p.Hash() + "\nstatus 0\n"
			if !strings.HasSuffix(first, done) || !strings.HasSuffix(second, done) {
				t.Fatalf("install.sh twice: first run\n%s\nsecond run\n%s\nwant both to end with %q\n%s", first, second, done, g.logs(t))
			}
			for line := range strings.Lines(second) {
				if word := strings.Fields(line); word[0] == "fbdock-step" && !slices.Contains([]string{"begin", "run", "detail", "skip"}, word[2]) {
					t.Errorf("second run of install.sh: step line %q, want only begin, run, skip and detail", line)
				}
			}
		})
	}
}

// TestOneLine: what a step says is one line, whatever a command said.
func TestOneLine(t *testing.T) {
	t.Parallel()
	needNamespaces(t)
	g := newGuest(t)
	g.upload(t, labMachine())
	g.write(t, "usr/local/etc/fbdock/fbdock.env", "")
	for _, tt := range []struct{ name, text, want string }{
		{"what a shell would expand stays", `* $HOME "a" \\n %%s`, `* $HOME "a" \n %s`},
		{"lines and columns", `\n\none\r\ntwo\tthree  four\n`, "one two three  four"},
		{"progress over itself", `10%%\r20%%\r`, "10% 20%"},
		{"nothing", ``, ""},
		{"a long text", strings.Repeat("x", 2000), strings.Repeat("x", 900)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, status := g.runBare(t, ". /var/db/fbdock/payload/libexec/lib.sh\nword=$(printf '"+tt.text+"'; echo .)\nprintf '[%s]' \"$(one_line \"${word%.}\")\"")
			if want := "[" + tt.want + "]"; status != 0 || out != want {
				t.Errorf("one_line: status = %d, output = %q, want 0 and %q", status, out, want)
			}
		})
	}
}
