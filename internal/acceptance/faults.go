package acceptance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/untrusted"
)

func upAfterHalt(ctx context.Context, s *session) (string, error) {
	if _, err := s.must(ctx, "up", "--yes", "--allow-reach"); err != nil {
		return "", err
	}
	return s.recovered(ctx)
}

// recovered waits until the container that restarts always runs again and no
// layer fails.
func (s *session) recovered(ctx context.Context) (string, error) {
	err := s.await(ctx, "the container runs again", func() error {
		_, err := s.docker(ctx, "exec", "keeper", "true")
		return err
	})
	if err != nil {
		return "", err
	}
	return "the container runs again", s.await(ctx, "every layer is ok", func() error {
		_, err := status(ctx, s)
		return err
	})
}

// engineKilled kills the hypervisor; the supervisor starts it again, with
// nothing done by hand.
func engineKilled(ctx context.Context, s *session) (string, error) {
	before, err := s.freebsd(ctx, "cat /var/run/fbdock/vm.pid && kill -9 $(cat /var/run/fbdock/vm.pid)")
	if err != nil {
		return "", err
	}
	err = s.await(ctx, "the hypervisor is started again", func() error {
		now, err := s.freebsd(ctx, "cat /var/run/fbdock/vm.pid")
		if err == nil && (now == before || strings.TrimSpace(now) == "") {
			err = errors.New("it has not been started")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return s.recovered(ctx)
}

// supervisorKilled kills what keeps the hypervisor running: the containers go
// on, and somebody supervises again.
func supervisorKilled(ctx context.Context, s *session) (string, error) {
	before, err := s.freebsd(ctx, "cat /var/run/fbdock/supervisor.pid && kill -9 $(cat /var/run/fbdock/supervisor.pid)")
	if err != nil {
		return "", err
	}
	if _, err := s.must(ctx, "up", "--yes", "--allow-reach"); err != nil {
		return "", err
	}
	err = s.await(ctx, "a supervisor runs", func() error {
		now, err := s.freebsd(ctx, "p=$(cat /var/run/fbdock/supervisor.pid) && kill -0 $p && echo $p")
		if err == nil && now == before {
			err = fmt.Errorf("/var/run/fbdock/supervisor.pid still has %s", strings.TrimSpace(now))
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return s.recovered(ctx)
}

// service is one of FreeBSD's that is stopped.
type service struct {
	stop, works, start string // commands
	// owners is true when the owner has started it: `up` does not start it, and
	// names the command that does.
	owners bool
}

func pfStopped(ctx context.Context, s *session) (string, error) {
	return s.repaired(ctx, service{"pfctl -d", "pfctl -s info | grep -q Enabled", "service pf onestart", slices.Contains(s.before, "pf Enabled")})
}

func nfsdStopped(ctx context.Context, s *session) (string, error) {
	return s.repaired(ctx, service{"service nfsd onestop", "service nfsd onestatus", "service nfsd onestart", false})
}

// repaired stops a service, which `up` has to notice and start. It runs again
// afterwards, whatever `up` does.
func (s *session) repaired(ctx context.Context, of service) (seen string, err error) {
	if _, err := s.freebsd(ctx, of.stop); err != nil {
		return "", err
	}
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.minutes(2))
		defer cancel()
		_, started := s.freebsd(ctx, of.works+" || "+of.start)
		err = errors.Join(err, started)
	}()
	seen = "`up` repaired it; "
	if of.owners {
		command, err := s.named(ctx, of.stop)
		if err != nil {
			return "", err
		}
		seen = "`up` named `" + command + "`; "
	}
	out, err := s.must(ctx, "up", "--yes", "--allow-reach")
	if err != nil {
		return "", err
	}
	if _, err := s.freebsd(ctx, of.works); err != nil {
		return "", fmt.Errorf("after `%s`, `up` left it broken (%w); up: %s", of.stop, err, untrusted.Short(out.stderr, maxSaid))
	}
	again, err := s.recovered(ctx)
	return seen + again, err
}

var asRoot = regexp.MustCompile(`run '(service [a-z]+ start)' on it as root`)

// named runs the command that `up` names for what was stopped.
func (s *session) named(ctx context.Context, stop string) (string, error) {
	out, err := s.try(ctx, nil, "up", "--yes", "--allow-reach")
	if err != nil {
		return "", err
	}
	hint := asRoot.FindStringSubmatch(out.stderr)
	if out.status == 0 || hint == nil {
		return "", fmt.Errorf("after `%s` of what the owner started, `up` names no command to start it: exit status %d: %s", stop, out.status, untrusted.Short(out.stderr, maxSaid))
	}
	_, err = s.freebsd(ctx, hint[1])
	return hint[1], err
}

func rebooted(ctx context.Context, s *session) (string, error) {
	if !s.Reboot {
		return "", &notRunError{"-reboot was not given"}
	}
	const boot = "sysctl -n kern.boottime"
	before, err := s.freebsd(ctx, boot)
	if err != nil {
		return "", err
	}
	// The connection ends with FreeBSD.
	_, _ = s.freebsd(ctx, "shutdown -r now")
	err = s.await(ctx, "FreeBSD boots", func() error {
		now, err := s.freebsd(ctx, boot)
		if err == nil && now == before {
			err = errors.New("it has not gone down")
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return s.recovered(ctx)
}
