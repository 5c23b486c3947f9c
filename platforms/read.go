package platforms

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/fbdock/fbdock/internal/redact"
)

// Read collects the facts. What cannot be read is noted and does no harm;
// the error is that of ctx alone.
func Read(ctx context.Context, s Sources) (Facts, error) {
	f := Facts{OS: s.OS, Arch: s.Arch, CPU: s.CPU(), Programs: map[string]Program{}}
	n := s.Native()
	f.OSVersion, f.Memory, f.FreeDisk = n.OSVersion, n.Memory, n.FreeDisk
	f.Windows.Admin, f.Windows.Server = n.Admin, n.Server
	if n.Brand != "" {
		f.CPU.Brand = n.Brand
	}
	if n.Rosetta {
		f.Rosetta, f.Arch = true, "arm64"
	}
	f.CPU.Apple = appleGeneration(f.CPU.Brand)
	if f.CPU.Apple > 0 {
		f.CPU.Vendor = "Apple"
	}
	f.CI = ci(s)
	f.Proxy = proxy(s)
	var programs sync.WaitGroup
	programs.Go(func() { s.programs(ctx, &f) })
	switch s.OS {
	case "linux":
		s.linux(&f)
	case "windows":
		s.windows(ctx, &f)
	}
	s.surroundings(&f)
	s.networks(ctx, &f)
	programs.Wait()
	s.plugins(&f)
	if err := ctx.Err(); err != nil {
		return f, fmt.Errorf("read the facts of this computer: %w", context.Cause(ctx))
	}
	return f, nil
}

// Quick reads what takes no time: the system, its architecture and the proxy.
func Quick(s Sources) Facts {
	f := Facts{OS: s.OS, Arch: s.Arch, Programs: map[string]Program{}, Proxy: proxy(s)}
	if s.OS == "darwin" && s.Native().Rosetta {
		f.Rosetta, f.Arch = true, "arm64"
	}
	return f
}

// appleGeneration reads "Apple M3 Pro".
func appleGeneration(brand string) int {
	m := regexp.MustCompile(`^Apple M(\d{1,2})\b`).FindStringSubmatch(brand)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

func ci(s Sources) string {
	for _, c := range []struct{ variable, name string }{
		{"GITHUB_ACTIONS", "GitHub Actions"}, {"GITLAB_CI", "GitLab CI"}, {"CIRCLECI", "CircleCI"},
		{"BUILDKITE", "Buildkite"}, {"JENKINS_URL", "Jenkins"}, {"CI", "CI"},
	} {
		if v := s.Getenv(c.variable); v != "" && v != "false" {
			return c.name
		}
	}
	return ""
}

// proxy takes the lower case form first, as curl does: CGI made the upper
// case HTTP_PROXY something that a client can set.
func proxy(s Sources) redact.Proxy {
	first := func(names ...string) string {
		for _, n := range names {
			if v := s.Getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	return redact.Proxy{
		HTTP:  first("http_proxy", "HTTP_PROXY"),
		HTTPS: first("https_proxy", "HTTPS_PROXY"),
		No:    first("no_proxy", "NO_PROXY"),
	}
}

// plugins reads Vagrant's own records: asking vagrant takes a second or two.
func (s Sources) plugins(f *Facts) {
	home := s.Getenv("VAGRANT_HOME")
	if home == "" && s.Home != "" {
		home = s.join(s.Home, ".vagrant.d")
	}
	f.Plugins = map[string]string{}
	if data, err := s.ReadFile(s.join(home, "plugins.json")); err == nil {
		var installed struct {
			Installed map[string]struct {
				Version string `json:"installed_gem_version"`
				Wanted  string `json:"gem_version"`
			} `json:"installed"`
		}
		if err := json.Unmarshal(data, &installed); err != nil {
			f.Unread = append(f.Unread, fmt.Sprintf("plugins of vagrant: %v", err))
		}
		for name, p := range installed.Installed {
			f.Plugins[name] = p.Version
			if p.Version == "" {
				f.Plugins[name] = p.Wanted
			}
		}
	}
	// Debian packages plugins beside Vagrant.
	if s.OS != "linux" {
		return
	}
	for _, name := range s.List("/usr/share/vagrant-plugins/plugins.d") {
		if name, ok := strings.CutSuffix(name, ".json"); ok {
			if _, known := f.Plugins[name]; !known {
				f.Plugins[name] = ""
			}
		}
	}
}
