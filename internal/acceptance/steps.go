package acceptance

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/untrusted"
	"github.com/fbdock/fbdock/provision/contract"
)

// destroyStep is the step that removes the machine.
const destroyStep = "destroy"

// steps are what is judged, in this order.
func steps() []step {
	return []step{
		{name: "listing before", minutes: 2, run: listBefore},
		{name: "survey", minutes: 2, run: survey},
		{name: "up", minutes: 30, run: up, vital: true},
		{name: "up again", minutes: 2, run: upAgain},
		{name: "steps run again", minutes: 5, run: stepsAgain},
		{name: "status", minutes: 2, run: status},
		{name: "image", minutes: 10, run: load, vital: true},
		{name: "docker run", minutes: 2, run: dockerRun},
		{name: "streams and statuses", minutes: 3, run: streams},
		{name: "large input", minutes: 3, run: largeInput},
		{name: "TCP port", minutes: 3, run: tcpPort},
		{name: "IPv6 port", minutes: 2, run: ipv6Port},
		{name: "UDP port", minutes: 3, run: udpPort},
		{name: "mount", minutes: 3, run: mountBoth},
		{name: "share by 9P", minutes: 3, run: share9P},
		{name: "share by NFS", minutes: 3, run: shareNFS},
		{name: "volume", minutes: 3, run: volume},
		{name: "halt", minutes: 5, run: halt},
		{name: "up after halt", minutes: 10, run: upAfterHalt},
		{name: "kept over halt", minutes: 3, run: kept},
		{name: "engine killed", minutes: 10, run: engineKilled},
		{name: "supervisor killed", minutes: 10, run: supervisorKilled},
		{name: "pf stopped", minutes: 10, run: pfStopped},
		{name: "nfsd stopped", minutes: 10, run: nfsdStopped},
		{name: "image replaced", minutes: 20, run: imageReplaced},
		{name: "FreeBSD rebooted", minutes: 20, run: rebooted},
		{name: "kept over all", minutes: 3, run: kept},
		{name: destroyStep, minutes: 10, run: destroy, always: true},
		{name: "nothing is left", minutes: 2, run: nothingLeft, always: true},
	}
}

// noListing is why nothing can be compared.
const noListing = "there is no listing of before"

func listBefore(ctx context.Context, s *session) (string, error) {
	if s.Host == "" {
		return "", &notRunError{"FreeBSD is made by `up` and removed by `destroy`"}
	}
	var err error
	s.before, err = s.listing(ctx)
	return fmt.Sprintf("%d items", len(s.before)), err
}

func survey(ctx context.Context, s *session) (string, error) {
	if s.Host == "" {
		return "", &notRunError{"a guest of Vagrant needs no consent"}
	}
	if s.before == nil {
		return "", &notRunError{noListing}
	}
	out, err := s.try(ctx, nil, "up", "--allow-reach")
	if err != nil {
		return "", err
	}
	if out.status != 2 {
		return "", fmt.Errorf("fbdock up without a yes: exit status %d, want 2: %s", out.status, untrusted.Short(out.stderr, maxSaid))
	}
	after, err := s.listing(ctx)
	if err != nil {
		return "", err
	}
	if changes, _ := difference(s.before, after); len(changes) > 0 {
		return "", fmt.Errorf("the survey changed FreeBSD:\n%s", strings.Join(changes, "\n"))
	}
	return fmt.Sprintf("asks before it changes anything, in %d lines", strings.Count(out.stderr, "\n")), nil
}

func up(ctx context.Context, s *session) (string, error) {
	_, err := s.must(ctx, "up", "--yes", "--allow-reach")
	if err != nil {
		return "", err
	}
	version, err := s.docker(ctx, "version", "-f", "{{.Server.Version}} on Linux {{.Server.KernelVersion}}")
	return "dockerd " + strings.TrimSpace(version), err
}

func upAgain(ctx context.Context, s *session) (string, error) {
	out, err := s.must(ctx, "up", "--yes", "--allow-reach")
	if err == nil && !strings.Contains(out.stderr, "nothing to do") {
		var done strings.Builder
		for line := range strings.Lines(out.stderr) {
			if !strings.HasPrefix(line, "skip ") {
				done.WriteString(line)
			}
		}
		err = fmt.Errorf("the second up has something to do: %s", untrusted.Short(done.String(), maxSaid))
	}
	return "nothing to do", err
}

// stepsAgain runs every guest step twice: each is idempotent.
func stepsAgain(ctx context.Context, s *session) (string, error) {
	seen := ""
	for range 2 {
		out, err := s.freebsd(ctx, contract.Helper("fbdock-steps"))
		if err != nil {
			return "", err
		}
		if !strings.Contains(out, "fbdock-steps done") {
			return "", fmt.Errorf("the steps did not arrive: %s", untrusted.Short(out, maxSaid))
		}
		seen = fmt.Sprintf("%d ok, %d skipped", strings.Count(out, " ok"), strings.Count(out, " skip"))
	}
	return seen, nil
}

// status is true to the state of all layers.
func status(ctx context.Context, s *session) (string, error) {
	out, err := s.must(ctx, "status")
	seen, failed := []string{fmt.Sprintf("%d layers ok", strings.Count(out.stdout, " ok"))}, ""
	for line := range strings.Lines(out.stdout) {
		layer := strings.Fields(line)
		if len(layer) > 2 && (layer[0] == "hypervisor" || layer[0] == "freebsd" && layer[2] == "FreeBSD") {
			seen = append(seen, strings.Join(layer[2:], " "))
		}
		if slices.Contains(layer, "FAIL") {
			failed += line
		}
	}
	if err == nil && failed != "" {
		err = fmt.Errorf("a layer fails: %s", untrusted.Short(failed, maxSaid))
	}
	return strings.Join(seen, "; "), err
}

func load(ctx context.Context, s *session) (string, error) { return s.load(ctx) }

func halt(ctx context.Context, s *session) (string, error) {
	if _, err := s.must(ctx, "halt"); err != nil || s.Host == "" {
		return "stopped", err
	}
	vms, err := s.freebsd(ctx, "ls /dev/vmm 2>/dev/null; pgrep -fl '[b]hyve|[q]emu-system'; exit 0")
	if err == nil && strings.Contains(vms, "fbdock") {
		err = fmt.Errorf("the engine still runs: %s", untrusted.Short(vms, maxSaid))
	}
	return "no VM runs", err
}

func destroy(ctx context.Context, s *session) (string, error) {
	out, err := s.must(ctx, "destroy", "--yes")
	for line := range strings.Lines(out.stderr) {
		if !strings.HasPrefix(line, "fbdock: warning: ") {
			return untrusted.FirstLine(line), err
		}
	}
	return "", err
}

func nothingLeft(ctx context.Context, s *session) (string, error) {
	if s.Host == "" {
		return "", &notRunError{"FreeBSD is gone"}
	}
	if s.before == nil {
		return "", &notRunError{noListing}
	}
	after, err := s.listing(ctx)
	if err != nil {
		return "", err
	}
	changes, packages := difference(s.before, after)
	if len(changes) > 0 {
		return "", fmt.Errorf("%d items differ:\n%s", len(changes), strings.Join(changes, "\n"))
	}
	return fmt.Sprintf("%d items as before, %d packages stay", len(s.before), packages), nil
}
