package provision_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fbdock/fbdock/provision/contract"
)

// TestContract: the guest's scripts, run by a shell, say what package contract
// reads, at the paths that it names.
func TestContract(t *testing.T) {
	t.Parallel()
	g, out := play(t, labMachine(), "", until+engineOnThisSide+`
echo '--- paths'; (. /usr/local/libexec/fbdock/lib.sh; printf '%s\n' "$libexec" "$etc" "$db"); [ -e `+contract.Undo+` ] && echo undo; ls -d `+contract.Images+`
echo '--- applied'; `+contract.AppliedCommand()+`
until_ runs
echo '--- health'; (`+contract.HealthCommand()+`)
echo '--- two'; (`+contract.HealthCommand("pool", "pf")+`)
echo '--- shares'; mounted nfs 9p; (`+contract.SharesCommand()+`)
echo '--- broken'; zfs unmount fbdock/fbdock/shares/fast; (`+contract.SharesCommand()+`)
`)
	said := parts(out)
	head, _, _ := strings.Cut(out, "--- ")
	hash := stepsAreUnderstood(t, head)
	if got := strings.TrimSpace(said["applied"]); got != hash || hash == "" {
		t.Errorf("AppliedCommand() says %q, ParseDone() = %q, want the same\n%s", got, hash, g.logs(t))
	}
	if got, want := said["paths"], fmt.Sprintf("%s\n%s\n%s\n", contract.Libexec, contract.Etc, contract.State); !strings.HasPrefix(got, want) {
		t.Errorf("lib.sh says\n%s, want\n%s", got, want)
	}
	layers := contract.ParseLayers(said["health"])
	for _, l := range layers {
		if l.Name == "" || strings.ContainsAny(l.Name, " |") || l.Reason() == "" || l.OK != (l.Hint() == "") {
			t.Errorf("ParseLayers() has %+v, want a name, a reason, and a hint where it fails", l)
		}
	}
	if len(layers) < 10 || len(layers) != strings.Count(said["health"], "\n") {
		t.Errorf("ParseLayers() has %d layers, want 10 or more, one for each line of\n%s", len(layers), said["health"])
	}
	var names []string
	for _, l := range contract.ParseLayers(said["two"]) {
		names = append(names, l.Name)
	}
	if diff := cmp.Diff([]string{"pool", "pf"}, names); diff != "" {
		t.Errorf("HealthCommand(pool, pf) (-want +got):\n%s", diff)
	}
	const base = "fbdock/fbdock/shares/"
	sharesAre(t, said["shares"], contract.Share{Name: "fast", Dataset: base + "fast", OK: true}, contract.Share{Name: "scratch", Dataset: base + "scratch", OK: true})
	sharesAre(t, said["broken"], contract.Share{Name: "fast", Dataset: base + "fast", Layer: "freebsd-dataset"}, contract.Share{Name: "scratch", Dataset: base + "scratch", OK: true})
}

// stepsAreUnderstood reads what fbdock-steps says and gives the hash at its end.
func stepsAreUnderstood(t *testing.T, out string) (hash string) {
	t.Helper()
	known := []string{
		contract.StepBegin, contract.StepRun, contract.StepDetail, contract.StepWarn,
		contract.StepOK, contract.StepSkip, contract.StepReboot, contract.StepFail,
	}
	n := 0
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if s, ok := contract.ParseStep(line); ok {
			if n++; s.Name == "" || !slices.Contains(known, s.State) {
				t.Errorf("ParseStep(%q) = %+v, want a known state", line, s)
			}
		} else if done, ok := contract.ParseDone(line); ok {
			hash = done
		}
	}
	if n < 20 {
		t.Errorf("ParseStep() knows %d lines, want 20 or more in\n%s", n, out)
	}
	return hash
}

// sharesAre compares all but the texts: each share has one, and a hint where
// it fails.
func sharesAre(t *testing.T, out string, want ...contract.Share) {
	t.Helper()
	got := contract.ParseShares(out)
	slices.SortFunc(got, func(a, b contract.Share) int { return strings.Compare(a.Name, b.Name) }) // they are tried at once
	for i, s := range got {
		if s.Text == "" || s.OK != (s.Hint == "") {
			t.Errorf("ParseShares() has %+v, want a text, and a hint where it fails", s)
		}
		got[i].Text, got[i].Hint = "", ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ParseShares(%q) (-want +got):\n%s", out, diff)
	}
}

// TestContractOfSurveyAndUninstall: the survey of an external host, and what
// an uninstall leaves.
func TestContractOfSurveyAndUninstall(t *testing.T) {
	t.Parallel()
	needNamespaces(t)
	g := newGuest(t)
	g.run(t, lived)
	s := contract.ParseSurvey(g.surveyed(t, ownMachine()))
	if !s.Done || len(s.Has) == 0 || len(s.Changes) == 0 || len(s.Stops) != 0 {
		t.Errorf("ParseSurvey() = %+v, want what the host has and what would change, without an obstacle", s)
	}
	g.upload(t, ownMachine())
	out, _ := g.run(t, install+"\n"+uninstall(t, ownMachine().Instance))
	_, out, _ = strings.Cut(out, "status 0\n")
	left := 0
	for line := range strings.Lines(out) {
		if text, ok := contract.ParseLeft(line); ok && text != "" {
			left++
		}
	}
	if left == 0 {
		t.Errorf("ParseLeft() knows no line of the uninstall, want one or more in\n%s\n%s", out, g.logs(t))
	}
}
