package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/platforms/hostshell"
	"github.com/fbdock/fbdock/provision/contract"
)

// The shells that Env speaks.
const (
	ShellSh         = "sh"
	ShellCsh        = "csh"
	ShellFish       = "fish"
	ShellPowerShell = "powershell"
	ShellCmd        = "cmd"
)

// Shells are all of them.
func Shells() []string { return []string{ShellSh, ShellCsh, ShellFish, ShellPowerShell, ShellCmd} }

// Variable is one variable of the environment; without a value it is to be
// unset.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// Env are the variables by which Docker's clients find a side of a
// machine. What would send them elsewhere, or have them speak TLS to a
// socket, is unset. With undo all of them are.
func Env(ctx context.Context, p *project.Project, name string, side machine.Side, undo bool) ([]Variable, error) {
	m, err := p.Machine(name)
	if err != nil {
		return nil, err
	}
	host := ""
	if !undo {
		if host, err = p.On(m).DockerHost(ctx, side); err != nil {
			return nil, err
		}
	}
	socket := contract.DockerSocket
	if side == machine.SideFreeBSD {
		socket = contract.PodmanSocket
	}
	return []Variable{
		{"DOCKER_HOST", host},
		// Testcontainers mounts the socket into a container of its own,
		// where it is the engine's, and reaches ports on the host.
		{"TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE", socket},
		{"TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"},
		{Name: "DOCKER_CONTEXT"}, {Name: "DOCKER_TLS_VERIFY"}, {Name: "DOCKER_CERT_PATH"},
	}, nil
}

// shellSyntax is how a shell sets a variable and takes one away. refused are
// texts that it cannot write.
type shellSyntax struct {
	set     func(name, value string) string
	unset   func(name string) string
	refused []string
}

func syntaxOf(shell string) (shellSyntax, bool) {
	quoted := func(escapes ...string) func(string) string {
		return func(value string) string { return "'" + strings.NewReplacer(escapes...).Replace(value) + "'" }
	}
	switch shell {
	case ShellSh:
		quote := quoted("'", `'\''`)
		return shellSyntax{
			set:   func(name, value string) string { return "export " + name + "=" + quote(value) + "\n" },
			unset: func(name string) string { return "unset " + name + "\n" },
		}, true
	case ShellCsh:
		// csh looks for history within quotes as well, and in what a command
		// substitution gives for names of files and for words to be joined by
		// one space.
		quote := quoted("'", `'\''`)
		return shellSyntax{
			set:     func(name, value string) string { return "setenv " + name + " " + quote(value) + ";\n" },
			unset:   func(name string) string { return "unsetenv " + name + ";\n" },
			refused: []string{"!", "*", "?", "[", "{", "~", "  "},
		}, true
	case ShellFish:
		quote := quoted(`\`, `\\`, "'", `\'`)
		return shellSyntax{
			set:   func(name, value string) string { return "set -gx " + name + " " + quote(value) + ";\n" },
			unset: func(name string) string { return "set -e " + name + ";\n" },
		}, true
	case ShellPowerShell:
		return shellSyntax{
			set: func(name, value string) string {
				return "$Env:" + name + " = " + hostshell.PowerShellString(value) + "\n"
			},
			unset: func(name string) string { return "Remove-Item Env:" + name + " -ErrorAction SilentlyContinue\n" },
		}, true
	case ShellCmd:
		return shellSyntax{
			set:     func(name, value string) string { return `set "` + name + "=" + value + "\"\r\n" },
			unset:   func(name string) string { return `set "` + name + "=\"\r\n" },
			refused: []string{`"`, "%"},
		}, true
	}
	return shellSyntax{}, false
}

// FormatEnv writes variables as commands of a shell; undo unsets them all.
func FormatEnv(variables []Variable, shell string, undo bool) (string, error) {
	syntax, ok := syntaxOf(shell)
	if !ok {
		return "", &failure.Error{
			Err:  fmt.Errorf("there is no shell %q", shell),
			Next: "the shells are " + strings.Join(Shells(), ", "), Code: failure.ExitUsage,
		}
	}
	var b strings.Builder
	for _, v := range variables {
		if undo || v.Value == "" {
			b.WriteString(syntax.unset(v.Name))
			continue
		}
		if slices.ContainsFunc(syntax.refused, func(no string) bool { return strings.Contains(v.Value, no) }) ||
			strings.ContainsFunc(v.Value, unicode.IsControl) {
			return "", &failure.Error{
				Err:  fmt.Errorf("%s has no way to write %s=%q", shell, v.Name, v.Value),
				Next: "`fbdock env --json` prints the variables for programs",
			}
		}
		b.WriteString(syntax.set(v.Name, v.Value))
	}
	return b.String(), nil
}
