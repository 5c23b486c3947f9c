package project

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/hostfile"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/reach"
	"github.com/fbdock/fbdock/provision"
)

// Content is what a machine gets of this host's files. It is read once, so
// that what the user agrees to is what is sent.
type Content struct {
	Machine      plan.Machine // with the texts of its scripts
	certificates []provision.Bundle
}

// Content reads what a machine gets of this host's files.
func (p *Project) Content(ctx context.Context, m plan.Machine) (Content, error) {
	c := Content{Machine: m}
	var err error
	if c.Machine.Provisions, err = p.Scripts(ctx, m); err != nil {
		return c, err
	}
	c.Machine.Jails = slices.Clone(m.Jails)
	for i, j := range m.Jails {
		if c.Machine.Jails[i].Provisions, err = p.scripts(ctx, m, j.Provisions); err != nil {
			return c, fmt.Errorf("jail %q: %w", j.Name, err)
		}
	}
	for _, name := range m.Engine.CACertificates {
		data, err := p.ownFile(ctx, m, reach.Certificate, name, hostfile.MaxCertificate)
		if err != nil {
			return c, fmt.Errorf("CA certificate: %w", err)
		}
		bundle, err := provision.ParseBundle(name, data)
		if err != nil {
			return c, err
		}
		c.certificates = append(c.certificates, bundle)
	}
	return c, nil
}

// Inputs are what a payload needs beside the plan and secrets.
func (c Content) Inputs(o Options, image string) provision.Inputs {
	return provision.Inputs{ImageSHA512: image, Proxy: o.HostFacts.Proxy, CACertificates: c.certificates}
}

// Scripts are the provision blocks of m with the texts of their files.
func (p *Project) Scripts(ctx context.Context, m plan.Machine) ([]plan.Provision, error) {
	return p.scripts(ctx, m, m.Provisions)
}

func (p *Project) scripts(ctx context.Context, m plan.Machine, all []plan.Provision) ([]plan.Provision, error) {
	scripts := make([]plan.Provision, len(all))
	for i, s := range all {
		if s.Script != "" {
			text, err := p.ownFile(ctx, m, reach.Script, s.Script, hostfile.MaxScript)
			if err != nil {
				return nil, fmt.Errorf("provision %q: %w", s.Name, err)
			}
			s.Inline, s.Script = hostfile.Text(text), ""
		}
		scripts[i] = s
	}
	return scripts, nil
}

// ScriptDigest names the text of a script.
func ScriptDigest(s plan.Provision) string { return provision.ScriptDigest(s.Inline) }

// ownFile reads a file that the configuration names for m: one in its folder,
// or one that the user has agreed to.
func (p *Project) ownFile(ctx context.Context, m plan.Machine, kind reach.Kind, path string, limit int64) ([]byte, error) {
	f, err := p.openOwn(ctx, m, kind, path)
	if err != nil {
		return nil, err
	}
	return hostfile.ReadFrom(ctx, f, path, limit)
}

// openOwn opens a file for ownFile. What it leads to is decided as it is
// opened: a guest may change links in a folder that is mounted.
func (p *Project) openOwn(ctx context.Context, m plan.Machine, kind reach.Kind, path string) (*os.File, error) {
	f, err := hostfile.OpenWithin(ctx, p.Dir, path)
	if err == nil {
		if err := (&reads{dir: p.Dir}).owned(p.Options, path); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		return f, nil
	}
	if _, outside := errors.AsType[*hostfile.OutsideError](err); !outside {
		return nil, err
	}
	r, _ := reach.OfFile(p.Dir, m, kind, path, p.computer())
	allowed, err := p.agreements.allow(r)
	if err != nil {
		return nil, err
	}
	if !allowed {
		return nil, &failure.Error{
			Err:  fmt.Errorf("%s lies outside of the folder of the configuration, and you have not agreed to that", r.What),
			Next: "`fbdock up` asks", Code: failure.ExitUsage,
		}
	}
	return hostfile.Open(ctx, r.What)
}
