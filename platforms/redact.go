package platforms

import (
	"maps"
	"strings"

	"github.com/fbdock/fbdock/internal/redact"
)

// Redacted is a copy to publish: without the passwords in proxies, and
// with ~ for the home folder in paths.
func (f Facts) Redacted(home string) Facts {
	public := func(p Program) Program {
		if rest, ok := strings.CutPrefix(p.Path, home); ok && home != "" {
			p.Path = "~" + rest
		}
		if home != "" {
			p.Problem = strings.ReplaceAll(p.Problem, home, "~")
		}
		return p
	}
	f.Vagrant = public(f.Vagrant)
	f.Programs = maps.Clone(f.Programs)
	for name, p := range f.Programs {
		f.Programs[name] = public(p)
	}
	f.Proxy.HTTP, f.Proxy.HTTPS = redact.URL(f.Proxy.HTTP), redact.URL(f.Proxy.HTTPS)
	return f
}
