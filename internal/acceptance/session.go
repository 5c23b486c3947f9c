package acceptance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// configure writes the project: one machine with a mount, two shares and a
// limit of forwards that is as good as none.
func (s *session) configure() error {
	machine := s.Machine
	if s.Host != "" {
		machine = fmt.Sprintf("host = %q", s.Host)
	}
	text := "machine \"acceptance\" {\n  " + strings.ReplaceAll(strings.TrimSpace(machine), "\n", "\n  ") +
		"\n  engine {\n    " + strings.ReplaceAll(strings.TrimSpace(s.Engine), "\n", "\n    ") +
		"\n  }\n  mount \".\" {}\n  share \"a\" {\n    type = \"9p\"\n  }\n  share \"b\" {\n    type = \"nfs\"\n  }\n}\n"
	return os.WriteFile(filepath.Join(s.Dir, "fbdock.hcl"), []byte(text), 0o600)
}

// maxSaid bounds what a message has of the output of a program.
const maxSaid = 800

// output is what a program answered.
type output struct {
	status         int
	stdout, stderr string
}

// try runs fbdock; err is for a program that did not run.
func (s *session) try(ctx context.Context, stdin io.Reader, args ...string) (output, error) {
	return s.program(ctx, stdin, s.Program, args...)
}

func (s *session) program(ctx context.Context, stdin io.Reader, name string, args ...string) (output, error) {
	result, err := s.runner.Run(ctx, run.Cmd{Name: name, Args: args, Dir: s.Dir, Env: s.Env, Stdin: stdin})
	out := output{result.Status, string(result.Stdout), string(result.Stderr)}
	if _, ok := errors.AsType[*run.ExitError](err); ok && ctx.Err() == nil {
		return out, nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return out, err
}

// must runs fbdock and takes any status but 0 for an error.
func (s *session) must(ctx context.Context, args ...string) (output, error) {
	return s.mustWith(ctx, nil, args...)
}

func (s *session) mustWith(ctx context.Context, stdin io.Reader, args ...string) (output, error) {
	out, err := s.try(ctx, stdin, args...)
	return out, checked("fbdock "+strings.Join(args, " "), out, err)
}

func checked(what string, out output, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if out.status != 0 {
		return fmt.Errorf("%s: exit status %d: %s", what, out.status, untrusted.Short(reasonFirst(out.stderr+out.stdout), maxSaid))
	}
	return nil
}

// reasonFirst puts fbdock's error and its hint before what led to it.
func reasonFirst(said string) string {
	if at := strings.Index(said, "fbdock: error: "); at > 0 {
		return strings.TrimRight(said[at:], "\n") + "\n" + said[:at]
	}
	return said
}

// docker runs a docker command on the engine.
func (s *session) docker(ctx context.Context, args ...string) (string, error) {
	out, err := s.must(ctx, append([]string{"docker"}, args...)...)
	return out.stdout, err
}

// container runs a script in a new container and gives its output.
func (s *session) container(ctx context.Context, options []string, script string) (string, error) {
	return s.docker(ctx, append(append([]string{"run", "--rm"}, options...), s.Image, "sh", "-c", script)...)
}

// engine runs a script in the engine.
func (s *session) engine(ctx context.Context, script string) (string, error) {
	out, err := s.must(ctx, "exec", "--on", "engine", "--", "sh", "-c", script)
	return out.stdout, err
}

// freebsd runs a script in FreeBSD as root. On an external host it goes by
// OpenSSH, since fbdock's connection is what is judged.
func (s *session) freebsd(ctx context.Context, script string) (string, error) {
	if s.Host == "" {
		out, err := s.must(ctx, "exec", "--", "sudo", "-n", "sh", "-c", script)
		return out.stdout, err
	}
	u, err := url.Parse(s.Host)
	if err != nil || u.Scheme != "ssh" || u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") {
		return "", fmt.Errorf("host %q is not ssh://USER@ADDRESS", s.Host)
	}
	args := []string{"-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", "-o", "ConnectTimeout=20"}
	if u.Port() != "" {
		args = append(args, "-p", u.Port())
	}
	if u.User.Username() != "" {
		args = append(args, "-l", u.User.Username())
	}
	const root = `if [ "$(id -u)" = 0 ]; then exec sh -s; elif command -v sudo >/dev/null; then exec sudo -n sh -s; else exec doas -n sh -s; fi`
	out, err := s.program(ctx, strings.NewReader(script), "ssh", append(args, "--", u.Hostname(), root)...)
	return out.stdout, checked("ssh "+u.Hostname(), out, err)
}

// await tries until the test is true or the step's time is over.
func (s *session) await(ctx context.Context, what string, test func() error) error {
	for {
		err := test()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; the last answer: %w", what, context.Cause(ctx), err)
		case <-time.After(time.Second):
		}
	}
}

// load gives the engine the image that the containers run.
func (s *session) load(ctx context.Context) (string, error) {
	if s.Archive == "" {
		_, err := s.docker(ctx, "pull", "-q", s.Image)
		return s.Image + " pulled", err
	}
	file, err := hostfile.Open(ctx, s.Archive)
	if err != nil {
		return "", err
	}
	defer file.Close()
	_, err = s.mustWith(ctx, file, "docker", "load")
	return s.Image + " loaded", err
}
