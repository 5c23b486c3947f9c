package acceptance

import (
	"context"
	"errors"
	"fmt"
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

func pfStopped(ctx context.Context, s *session) (string, error) {
	return s.repaired(ctx, "pfctl -d", "pfctl -s info | grep -q Enabled")
}

func nfsdStopped(ctx context.Context, s *session) (string, error) {
	return s.repaired(ctx, "service nfsd onestop", "service nfsd onestatus")
}

// repaired breaks a service of FreeBSD, which `up` has to notice and start.
func (s *session) repaired(ctx context.Context, broken, works string) (string, error) {
	if _, err := s.freebsd(ctx, broken); err != nil {
		return "", err
	}
	out, err := s.must(ctx, "up", "--yes", "--allow-reach")
	if err != nil {
		return "", err
	}
	if _, err := s.freebsd(ctx, works); err != nil {
		return "", fmt.Errorf("after `%s`, `up` left it broken (%w); up: %s", broken, err, untrusted.Short(out.stderr, maxSaid))
	}
	seen, err := s.recovered(ctx)
	return "`up` repaired it; " + seen, err
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
