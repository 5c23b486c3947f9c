package main

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
)

// laptop is what planning needs to know of this computer. Nothing here
// starts a program or asks the network, so that `plan` and `validate` are
// as quick as reading the file.
func (p *program) laptop() plan.Laptop {
	return plan.Laptop{
		Architecture: runtime.GOARCH, CPUs: runtime.NumCPU(), Routes: routes(), Proxy: p.proxy(),
		GuestPath: func(path string) (string, error) { return filepath.ToSlash(path), nil },
		IsDir:     func(path string) bool { info, err := os.Stat(path); return err == nil && info.IsDir() },
		IsFile:    func(path string) bool { info, err := os.Stat(path); return err == nil && info.Mode().IsRegular() },
	}
}

// proxy reads the usual variables, of which the lower case form wins, as
// with curl.
func (p *program) proxy() hcl.Proxy {
	first := func(names ...string) string {
		for _, name := range names {
			if value, ok := p.lookup(name); ok && value != "" {
				return value
			}
		}
		return ""
	}
	return hcl.Proxy{
		HTTP: first("http_proxy", "HTTP_PROXY"), HTTPS: first("https_proxy", "HTTPS_PROXY"), No: first("no_proxy", "NO_PROXY"),
	}
}

// routes are the networks that this computer's own cards are in.
func routes() []netip.Prefix {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var networks []netip.Prefix
	for _, a := range addresses {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() && !prefix.Addr().IsLoopback() {
			networks = append(networks, prefix.Masked())
		}
	}
	return networks
}
