package app

import (
	"context"
	"fmt"
	"strings"
)

// The shells that Env speaks.
const (
	ShellSh         = "sh"
	ShellFish       = "fish"
	ShellPowerShell = "powershell"
	ShellCmd        = "cmd"
)

// Shells are all of them.
func Shells() []string { return []string{ShellSh, ShellFish, ShellPowerShell, ShellCmd} }

// Variable is one variable of the environment; without a value it is to be
// unset.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
}

// Env are the variables by which Docker's clients find the engine of a
// machine. What would send them elsewhere, or have them speak TLS to a
// socket, is unset. With undo all of them are.
func (p *Project) Env(ctx context.Context, machine string, undo bool) ([]Variable, error) {
	m, err := p.Machine(machine)
	if err != nil {
		return nil, err
	}
	host := ""
	if !undo {
		if host, err = p.dockerHost(ctx, m); err != nil {
			return nil, err
		}
	}
	return []Variable{
		{"DOCKER_HOST", host},
		// Testcontainers mounts the socket into a container of its own,
		// where it is the engine's, and reaches ports on the laptop.
		{"TESTCONTAINERS_DOCKER_SOCKET_OVERRIDE", "/var/run/docker.sock"},
		{"TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1"},
		{Name: "DOCKER_CONTEXT"}, {Name: "DOCKER_TLS_VERIFY"}, {Name: "DOCKER_CERT_PATH"},
	}, nil
}

// FormatEnv writes variables as commands of a shell; undo unsets them all.
func FormatEnv(variables []Variable, shell string, undo bool) (string, error) {
	var b strings.Builder
	for _, v := range variables {
		unset := undo || v.Value == ""
		switch shell {
		case ShellSh:
			if unset {
				fmt.Fprintf(&b, "unset %s\n", v.Name)
			} else {
				fmt.Fprintf(&b, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
			}
		case ShellFish:
			if unset {
				fmt.Fprintf(&b, "set -e %s;\n", v.Name)
			} else {
				value := strings.ReplaceAll(strings.ReplaceAll(v.Value, `\`, `\\`), "'", `\'`)
				fmt.Fprintf(&b, "set -gx %s '%s';\n", v.Name, value)
			}
		case ShellPowerShell:
			if unset {
				fmt.Fprintf(&b, "Remove-Item Env:%s -ErrorAction SilentlyContinue\n", v.Name)
			} else {
				fmt.Fprintf(&b, "$Env:%s = '%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", "''"))
			}
		case ShellCmd:
			value := v.Value
			if unset {
				value = ""
			}
			if strings.ContainsAny(value, "\"%\r\n") {
				return "", fmt.Errorf("cmd has no way to write %s=%q", v.Name, value)
			}
			fmt.Fprintf(&b, "set \"%s=%s\"\r\n", v.Name, value)
		default:
			return "", &Error{
				Err:  fmt.Errorf("there is no shell %q", shell),
				Next: "the shells are " + strings.Join(Shells(), ", "), Code: ExitUsage,
			}
		}
	}
	return b.String(), nil
}
