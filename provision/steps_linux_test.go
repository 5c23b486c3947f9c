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
