package link

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"unicode"
)

// Host is one block of `vagrant ssh-config`.
type Host struct {
	Name           string
	HostName       string
	User           string
	Port           int
	IdentityFiles  []string
	IdentitiesOnly bool
	ProxyCommand   string
	// IdentityAgent is the socket of another ssh-agent than the usual one,
	// "none" for no agent.
	IdentityAgent string
}

// ParseSSHConfig reads what `vagrant ssh-config` prints: one block per
// machine. Words before the first block (a plugin's notice) and keywords that
// do not matter here are passed over.
func ParseSSHConfig(data []byte) ([]Host, error) {
	var hosts []Host
	for n, line := range strings.Split(string(data), "\n") {
		key, value := splitLine(line)
		if key == "host" {
			hosts = append(hosts, Host{Name: value})
			continue
		}
		if len(hosts) == 0 {
			continue
		}
		if err := hosts[len(hosts)-1].set(key, value); err != nil {
			return nil, fmt.Errorf("read ssh-config: line %d: %w", n+1, err)
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("read ssh-config: there is no Host in it")
	}
	for _, h := range hosts {
		if h.Name == "" || h.HostName == "" {
			return nil, fmt.Errorf("read ssh-config: host %q has no HostName", h.Name)
		}
	}
	return hosts, nil
}

func (h *Host) set(key, value string) error {
	switch key {
	case "hostname":
		h.HostName = value
	case "user":
		h.User = value
	case "port":
		port, err := strconv.ParseUint(value, 10, 16)
		if err != nil || port == 0 {
			return fmt.Errorf("%q is no port", value)
		}
		h.Port = int(port)
	case "identityfile":
		if value != "" {
			h.IdentityFiles = append(h.IdentityFiles, value)
		}
	case "identitiesonly":
		h.IdentitiesOnly = strings.EqualFold(value, "yes")
	case "identityagent":
		h.IdentityAgent = value
	case "proxycommand":
		h.ProxyCommand = value
	}
	return nil
}

const blanks = " \t\r\f\v"

// splitLine gives the keyword in lower case and its value, without the
// quotes that Vagrant puts around a path with a space.
func splitLine(line string) (key, value string) {
	line = strings.Trim(line, blanks)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	if i := strings.IndexAny(line, blanks); i >= 0 {
		line, value = line[:i], strings.Trim(line[i:], blanks)
	}
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	return strings.ToLower(line), value
}

// String writes the block as Vagrant would.
func (h Host) String() string {
	var b strings.Builder
	line := func(key, value string) {
		if value == "" {
			return
		}
		if strings.ContainsAny(value, blanks) || value[0] == '"' {
			value = `"` + value + `"`
		}
		fmt.Fprintf(&b, "%s %s\n", key, value)
	}
	line("Host", h.Name)
	line("  HostName", h.HostName)
	line("  User", h.User)
	if h.Port != 0 {
		line("  Port", strconv.Itoa(h.Port))
	}
	for _, f := range h.IdentityFiles {
		line("  IdentityFile", f)
	}
	if h.IdentitiesOnly {
		line("  IdentitiesOnly", "yes")
	}
	line("  IdentityAgent", h.IdentityAgent)
	line("  ProxyCommand", h.ProxyCommand)
	return b.String()
}

// FormatSSHConfig writes blocks that ParseSSHConfig reads. A value that would
// be more than its line is refused.
func FormatSSHConfig(hosts []Host) ([]byte, error) {
	blocks := make([]string, len(hosts))
	for i, h := range hosts {
		for _, value := range append([]string{h.Name, h.HostName, h.User, h.IdentityAgent, h.ProxyCommand}, h.IdentityFiles...) {
			if strings.ContainsFunc(value, unicode.IsControl) {
				return nil, &QuoteError{value, "it holds a control character"}
			}
		}
		blocks[i] = h.String()
	}
	return []byte(strings.Join(blocks, "\n")), nil
}

// Endpoint is where the block leads. name is what the host key is pinned
// under; goos is the system that fbdock runs on, as in runtime.GOOS.
func (h Host) Endpoint(name, goos string) (Endpoint, error) {
	if h.ProxyCommand != "" && !strings.EqualFold(h.ProxyCommand, "none") {
		return Endpoint{}, &ProxyCommandError{Name: h.Name, Command: h.ProxyCommand}
	}
	port := h.Port
	if port == 0 {
		port = 22
	}
	e := Endpoint{
		Name: name, Address: net.JoinHostPort(h.HostName, strconv.Itoa(port)),
		User: h.User, KeysOnly: h.IdentitiesOnly,
	}
	for _, f := range h.IdentityFiles {
		e.KeyFiles = append(e.KeyFiles, localPath(goos, f))
	}
	return e, nil
}

// localPath undoes what Vagrant does to paths under Cygwin, MSYS and WSL,
// where it and fbdock may be programs of different systems.
func localPath(goos, path string) string {
	if goos == "windows" {
		for _, prefix := range []string{"/cygdrive/", "/mnt/", "/"} {
			rest, ok := strings.CutPrefix(path, prefix)
			if ok && len(rest) >= 2 && letter(rest[0]) && rest[1] == '/' {
				return strings.ToUpper(rest[:1]) + ":" + rest[1:]
			}
		}
		return path
	}
	if len(path) >= 3 && letter(path[0]) && path[1] == ':' && (path[2] == '/' || path[2] == '\\') {
		return "/mnt/" + strings.ToLower(path[:1]) + strings.ReplaceAll(path[2:], `\`, "/")
	}
	return path
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// ProxyCommandError says that the machine is reached only through another
// program, which this link does not start.
type ProxyCommandError struct{ Name, Command string }

func (e *ProxyCommandError) Error() string {
	return fmt.Sprintf("%s is reached by a ProxyCommand (%s), which fbdock's own connection cannot use", e.Name, e.Command)
}

// Hint is the next step for the user.
func (e *ProxyCommandError) Hint() string { return "use `--via vagrant`" }
