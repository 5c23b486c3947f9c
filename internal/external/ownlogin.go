package external

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/host"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/run"
)

// EngineSSHConfig is asked for an engine beside FreeBSD, which an external host has
// not.
func (o *Computer) EngineSSHConfig(context.Context) ([]byte, error) {
	return nil, fmt.Errorf("machine %s has its engine in FreeBSD", o.Plan.Name)
}

// SSHConfig is the user's own way to the computer: what `ssh` itself would
// do by ~/.ssh/config, as far as it can say so, else ssh's defaults.
func (o *Computer) SSHConfig(ctx context.Context) ([]byte, error) {
	r, err := ReadRecord(o.Files, o.Plan.Name)
	if err != nil {
		return nil, err
	}
	var h link.Host
	if o.Plan.Provider == plan.ProviderNative {
		h, err = o.native()
	} else {
		h, err = o.resolve(ctx, &r)
	}
	if err != nil {
		return nil, err
	}
	if r.Agreed == "" {
		r.Host = identity(o.Plan)
	}
	if err := o.write(r); err != nil {
		return nil, err
	}
	return link.FormatSSHConfig([]link.Host{h})
}

func (o *Computer) resolve(ctx context.Context, r *Record) (link.Host, error) {
	u, err := url.Parse(o.Plan.Host)
	if err != nil {
		return link.Host{}, fmt.Errorf("host: %w", err)
	}
	answer := o.askSSH(ctx, u)
	h := link.Host{Name: o.Plan.Name, HostName: u.Hostname(), User: u.User.Username()}
	h.Port, _ = strconv.Atoi(u.Port()) // "" is 0, the usual one
	h.HostName = cmp.Or(answer.one("hostname"), h.HostName)
	login, _ := o.Lookup("USER")
	windows, _ := o.Lookup("USERNAME")
	h.User = cmp.Or(answer.one("user"), h.User, login, windows)
	if port, err := strconv.Atoi(answer.one("port")); err == nil {
		h.Port = port
	}
	h.IdentitiesOnly = answer.one("identitiesonly") == "yes"
	if socket := answer.one("identityagent"); socket != "" && socket != "SSH_AUTH_SOCK" {
		h.IdentityAgent = o.expand(socket)
	}
	if jump := answer.one("proxyjump"); jump != "" && jump != "none" {
		h.ProxyCommand = "ssh -W %h:%p " + jump
	} else {
		h.ProxyCommand = answer.one("proxycommand")
	}
	h.IdentityFiles = o.existing(answer["identityfile"], "~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")
	r.Lookup = cmp.Or(answer.one("hostkeyalias"), h.HostName)
	if answer.one("hostkeyalias") == "" && h.Port != 0 && h.Port != 22 {
		r.Lookup = "[" + h.HostName + "]:" + strconv.Itoa(h.Port)
	}
	r.KnownHosts = append(o.namedFiles(answer.one("userknownhostsfile")), o.namedFiles(answer.one("globalknownhostsfile"))...)
	if len(answer) == 0 {
		r.KnownHosts = o.existing(nil, "~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")
	}
	return h, nil
}

// sshAnswer is what `ssh -G` says: keywords in lower case.
type sshAnswer map[string][]string

func (a sshAnswer) one(keyword string) string {
	if values := a[keyword]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// askSSH asks ssh how it would log in. Without ssh, or where it cannot say,
// the answer is empty: its defaults are known.
func (o *Computer) askSSH(ctx context.Context, u *url.URL) sshAnswer {
	args := []string{"-G"}
	if u.Port() != "" {
		args = append(args, "-p", u.Port())
	}
	if u.User != nil {
		args = append(args, "-l", u.User.Username())
	}
	res, err := o.Runner.Run(ctx, run.Cmd{Name: "ssh", Args: append(args, u.Hostname()), Env: o.Environ})
	if err != nil {
		return nil
	}
	return readSSHAnswer(res.Stdout)
}

// readSSHAnswer reads "keyword value" lines.
func readSSHAnswer(text []byte) sshAnswer {
	answer := sshAnswer{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " "); ok && key != "" {
			answer[key] = append(answer[key], value)
		}
	}
	return answer
}

// namedFiles are those that a line of `ssh -G` names: it writes a space between
// two names, and one that is within a name alike. So the longest names of
// which there is a file are taken.
func (o *Computer) namedFiles(line string) []string {
	words := strings.Split(line, " ")
	var found []string
	for i := 0; i < len(words); {
		next := i + 1
		for j := len(words); j > i; j-- {
			if name := o.expand(strings.Join(words[i:j], " ")); words[i] != "" && host.Exists(name) {
				found, next = append(found, name), j
				break
			}
		}
		i = next
	}
	return found
}

// existing are the files that are there, of those named or else of the
// usual ones.
func (o *Computer) existing(files []string, usual ...string) []string {
	if len(files) == 0 {
		files = usual
	}
	var found []string
	for _, f := range files {
		if f = o.expand(f); host.Exists(f) {
			found = append(found, f)
		}
	}
	return found
}

// expand puts the user's folder in the place of a ~ at the beginning.
func (o *Computer) expand(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	home, ok := o.Home()
	if !ok {
		return path
	}
	return filepath.Join(home, filepath.FromSlash(rest))
}
