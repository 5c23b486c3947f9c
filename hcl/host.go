package hcl

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// hostURL is ssh://[USER@]HOST[:PORT]. What else a URL can hold would be
// passed over, so it is refused.
func hostURL(s string) (problem, detail, hint string) {
	const form = `It is written as in "ssh://me@freebsd.example" or "ssh://me@freebsd.example:2222".`
	u, err := url.Parse(s)
	switch {
	case !strings.Contains(s, "://") && plainHost().MatchString(s):
		return "is not an ssh:// address", form, "try " + quote("ssh://"+s)
	case err != nil || u.Scheme != "ssh" || !plainHost().MatchString(u.Host):
		return "is not an ssh:// address", form, ""
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return "names more than a computer", form, "leave out what follows the host"
	}
	if _, secret := u.User.Password(); secret {
		return "holds a password", "fbdock logs in with your keys; a password does not belong into a file.", "leave it out"
	}
	if u.User != nil && !regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,31}$`).MatchString(u.User.Username()) {
		return "has no name of a user before the @", form, ""
	}
	return "", "", ""
}

// plainHost is a name or an address with an optional port, and an optional
// user where there is no ssh:// before it. It cannot be taken for an option
// of a program.
func plainHost() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9._-]*@)?([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+(%25[A-Za-z0-9._-]+)?\])(:[0-9]{1,5})?$`)
}

// ownComputer tells what makes no sense of a computer that is there already.
func (s *scope) ownComputer(m Machine) {
	_, hosted := s.body.Attributes["host"]
	what := "host"
	switch {
	case hosted:
		s.without("provider", "a machine has either host or provider", "The computer that host names takes the place of a VM.")
	case m.Provider == "native":
		what = `provider = "native"`
	default:
		s.without("architecture", "architecture goes with host", "Otherwise it is that of this computer.")
		return
	}
	for _, name := range []string{"box", "box_version", "box_url", "box_checksum"} {
		s.without(name, fmt.Sprintf("%s has no place beside %s", name, what), "A box is what a VM is made of, and no VM is made here.")
	}
	for _, name := range []string{"cpus", "memory"} {
		s.without(name, fmt.Sprintf("%s has no place beside %s", name, what), "It is the size of a VM; this computer has its own. The engine's is set in the engine block.")
	}
	if !hosted {
		s.without("architecture", "architecture goes with host", "Otherwise it is that of this computer.")
	}
}

// without fails with an attribute that is set.
func (s *scope) without(name, summary, detail string) {
	if a, set := s.body.Attributes[name]; set {
		s.d.c.fail(rangeOf(a.Range()), summary, detail, "remove the line")
	}
}
